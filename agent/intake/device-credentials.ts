import { createHmac, createSecretKey, scrypt, timingSafeEqual, type KeyObject } from 'node:crypto'
import { failed, fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { isDeviceId } from '../domain/device-id.ts'

/** A device as it stands in the configuration: its id and the hash of its secret, never the secret. */
export interface DeviceCredential {
  readonly id: string
  /** `scrypt$N$r$p$salt$hash`, salt and hash in base64; written by `hashDeviceSecret`. */
  readonly secretHash: string
}

interface SecretHash {
  readonly cost: number
  readonly blockSize: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** What became of a claim to be a device. `busy`: too many claims at once, try again. */
export type DeviceVerdict = 'accepted' | 'refused' | 'busy'

/** Decides whether a secret is a device's. */
export interface DeviceAuthenticator {
  isRegistered(device: string): boolean
  /** `isStillThere` is asked when the claim's turn comes: no work is done for a client that has left. */
  verify(device: string, secret: Uint8Array, isStillThere?: () => boolean): Promise<DeviceVerdict>
}

const hashBytes = 32
const saltBytes = 16
// RFC 7914's parameters at their usual interactive strength: 16 MiB and about 50 ms a secret.
const defaultCost = { cost: 16_384, blockSize: 8, parallelism: 1 }
const mostMemoryBytes = 128 * 1024 * 1024
// Hashing runs on the threads that also read and write files; two at a time leave room there.
const mostAtOnce = 2
const mostWaiting = 256

/** Hashes a device secret for the configuration. */
export async function hashDeviceSecret(secret: string, random: Random): Promise<string> {
  const salt = Buffer.from(random.bytes(saltBytes))
  const { cost, blockSize, parallelism } = defaultCost
  const hash = await derive(Buffer.from(secret, 'utf8'), { ...defaultCost, salt, hash: Buffer.alloc(hashBytes) })
  return `scrypt$${cost}$${blockSize}$${parallelism}$${salt.toString('base64')}$${hash.toString('base64')}`
}

/**
 * Builds the authenticator of a list of devices. Fails on an id or hash that cannot be used and on an id that is there
 * twice. A secret that was right once is remembered as a keyed digest in memory, so that a fleet that reconnects does
 * not have to pay for scrypt again; the key is made anew at every start.
 */
export function deviceAuthenticator(
  devices: readonly DeviceCredential[],
  random: Random,
): Result<DeviceAuthenticator, Fault<'device_id_invalid' | 'device_secret_hash_invalid' | 'device_duplicate'>> {
  const hashes = new Map<string, SecretHash>()
  for (const { id, secretHash } of devices) {
    if (!isDeviceId(id)) {
      return failed(
        fault(
          'device_id_invalid',
          `the device id ${JSON.stringify(id)} is not 1 to 64 letters, digits or . _ : - (a letter or digit first)`,
        ),
      )
    }
    const hash = parseSecretHash(secretHash)
    if (hash === null) {
      return failed(
        fault(
          'device_secret_hash_invalid',
          `the secret hash of device ${id} cannot be used: write one with "device hash"`,
        ),
      )
    }
    if (hashes.has(id)) return failed(fault('device_duplicate', `the device ${id} is listed twice`))
    hashes.set(id, hash)
  }

  // A claim for an unknown device takes as long as one for a known device, so that ids cannot be found by the clock.
  const nobody: SecretHash = {
    ...defaultCost,
    salt: Buffer.from(random.bytes(saltBytes)),
    hash: Buffer.alloc(hashBytes),
  }
  const key = createSecretKey(Buffer.from(random.bytes(hashBytes)))
  const known = new Map<string, Buffer>()
  const turns = new Turns()

  return ok({
    isRegistered: (device) => hashes.has(device),
    async verify(device, secret, isStillThere = () => true) {
      const digest = digestOf(key, device, secret)
      const remembered = known.get(device)
      if (remembered !== undefined && timingSafeEqual(remembered, digest)) return 'accepted'
      const expected = hashes.get(device)
      const derived = await turns.take(async () => (isStillThere() ? derive(secret, expected ?? nobody) : null))
      if (derived === null) return 'busy'
      if (expected === undefined || !timingSafeEqual(derived, expected.hash)) return 'refused'
      known.set(device, digest)
      return 'accepted'
    },
  })
}

/** Lets a bounded number run at once and a bounded number wait. */
class Turns {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Null when too many wait already. */
  async take<Value>(run: () => Promise<Value | null>): Promise<Value | null> {
    if (this.#running >= mostAtOnce) {
      if (this.#waiting.length >= mostWaiting) return null
      // The one who leaves hands over the turn, so the count of running ones stays as it is.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await run()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

function digestOf(key: KeyObject, device: string, secret: Uint8Array): Buffer {
  // The id cannot hold a zero byte, so the pair is unambiguous.
  return createHmac('sha256', key).update(`${device}\0`).update(secret).digest()
}

function derive(secret: Uint8Array, { cost, blockSize, parallelism, salt, hash }: SecretHash): Promise<Buffer> {
  const options = { N: cost, r: blockSize, p: parallelism, maxmem: 2 * mostMemoryBytes }
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, hash.length, options, (error, derived) => {
      if (error === null) resolve(derived)
      else reject(new FaultError(fault('device_secret_unverifiable', 'scrypt could not run'), { cause: error }))
    })
  })
}

function parseSecretHash(text: string): SecretHash | null {
  const [scheme, cost, blockSize, parallelism, salt, hash, ...more] = text.split('$')
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined || more.length > 0) return null
  const parsed = {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  }
  const counts = [parsed.cost, parsed.blockSize, parsed.parallelism]
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 1) || parsed.parallelism > 16) return null
  // No more memory than a gateway can spare, and a power of two as scrypt asks for.
  if (128 * parsed.cost * parsed.blockSize > mostMemoryBytes) return null
  if (parsed.cost < 2 || (parsed.cost & (parsed.cost - 1)) !== 0) return null
  return parsed.salt.length >= 8 && parsed.hash.length >= 16 && parsed.hash.length <= 64 ? parsed : null
}
