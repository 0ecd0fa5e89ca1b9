import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/** Notes of checkpoints are the longest messages that come again; nothing longer is worth keeping. */
const longestMessageBytes = 1024
/** More than a run of a month comes to; then all is forgotten and begins anew. */
const mostSignatures = 20_000

/**
 * While the world runs, an Ed25519 signature is checked once for each key, message and signature, and one that was made
 * in this run is known. Agents, aggregator and examinations are one process here and check the same few signatures again
 * and again; what a check says depends on nothing but these three, so nobody can tell the difference. Returns how to put
 * the runtime's own functions back.
 */
export function verifyOnce(): () => void {
  const { sign, verify } = crypto
  const known = new KnownSignatures()
  // The runtime's functions have forms with other keys and with a callback, which nobody here uses: these go through.
  replaceFunctions({
    sign: (...given: unknown[]): unknown => {
      const signature: unknown = Reflect.apply(sign, crypto, given)
      const asked = askedOf(given[1], given[2], signature)
      if (given.length === 3 && given[0] === null && asked !== null) known.set(asked, true)
      return signature
    },
    verify: (...given: unknown[]): unknown => {
      const asked = given.length === 4 && given[0] === null ? askedOf(given[1], given[2], given[3]) : null
      const before = asked === null ? undefined : known.get(asked)
      if (before !== undefined) return before
      const answer: unknown = Reflect.apply(verify, crypto, given)
      if (asked !== null) known.set(asked, answer === true)
      return answer
    },
  })
  return () => replaceFunctions({ sign, verify })
}

class KnownSignatures {
  readonly #answers = new Map<string, boolean>()

  get(asked: string): boolean | undefined {
    return this.#answers.get(asked)
  }

  set(asked: string, answer: boolean): void {
    if (this.#answers.size >= mostSignatures) this.#answers.clear()
    this.#answers.set(asked, answer)
  }
}

/** Whoever has imported a function by its name sees the new one as well. */
function replaceFunctions(functions: { readonly sign: unknown; readonly verify: unknown }): void {
  Object.assign(crypto, functions)
  syncBuiltinESMExports()
}

/** Key, signature and message as one text; null for what is not kept. */
function askedOf(message: unknown, key: unknown, signature: unknown): string | null {
  if (!(key instanceof crypto.KeyObject) || !(message instanceof Uint8Array) || !(signature instanceof Uint8Array))
    return null
  const publicKey = message.length > longestMessageBytes ? null : publicKeyOf(key)
  return publicKey === null ? null : `${publicKey} ${latin1(signature)} ${latin1(message)}`
}

const publicKeys = new WeakMap<crypto.KeyObject, string>()

/** The public part of an Ed25519 key, in base64url; null for other keys. */
function publicKeyOf(key: crypto.KeyObject): string | null {
  const before = publicKeys.get(key)
  if (before !== undefined) return before
  const { x } = key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }) : {}
  if (x !== undefined) publicKeys.set(key, x)
  return x ?? null
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
