import { createHash, randomBytes, randomInt } from 'node:crypto'
import { assertThat } from './errors.ts'

/** The only source of randomness, so that the simulated world can repeat a run from its seed. */
export interface Random {
  /** `count` random bytes in a new array. */
  bytes(count: number): Uint8Array
  /** A uniform integer from 0 up to but not including `limit`; `limit` from 1 to 2^48. */
  below(limit: number): number
  /** A uniform fraction from 0 up to but not including 1, with 53 random bits. */
  fraction(): number
}

const largestLimit = 2 ** 48

/** Cryptographically strong randomness of the operating system. */
export function systemRandom(): Random {
  return {
    bytes: (count) => new Uint8Array(randomBytes(count)),
    below(limit) {
      assertLimit(limit)
      // randomInt refuses ranges of 2^48 itself, so that one limit is read from bytes.
      return limit === largestLimit ? randomBytes(6).readUIntBE(0, 6) : randomInt(limit)
    },
    fraction() {
      const bits = randomBytes(8)
      return fractionOf(bits.readUInt32LE(0), bits.readUInt32LE(4))
    },
  }
}

/**
 * Randomness that is the same for the same seed on every machine and version: the sfc32 generator (Chris Doty-Humphrey,
 * PractRand) started from the SHA-256 digest of the seed. Not for keys or anything secret.
 */
export function seededRandom(seed: string): Random {
  const next = sfc32(createHash('sha256').update(seed, 'utf8').digest())
  return {
    bytes(count) {
      const bytes = new Uint8Array(count)
      for (let offset = 0; offset < count; offset += 4) {
        const word = next()
        for (let index = offset; index < Math.min(offset + 4, count); index++) {
          bytes[index] = word >>> (8 * (index - offset))
        }
      }
      return bytes
    },
    below(limit) {
      assertLimit(limit)
      // Draws at or above the last whole multiple of the limit are thrown away, or small values would come more often.
      const accepted = largestLimit - (largestLimit % limit)
      for (;;) {
        const draw = (next() & 0xffff) * 2 ** 32 + next()
        if (draw < accepted) return draw % limit
      }
    },
    fraction: () => fractionOf(next(), next()),
  }
}

function sfc32(digest: Buffer): () => number {
  let a = digest.readUInt32LE(0)
  let b = digest.readUInt32LE(4)
  let c = digest.readUInt32LE(8)
  let counter = digest.readUInt32LE(12)
  return () => {
    const word = (a + b + counter) >>> 0
    counter = (counter + 1) >>> 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) >>> 0
    c = (((c << 21) | (c >>> 11)) + word) >>> 0
    return word
  }
}

function fractionOf(high: number, low: number): number {
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
}

function assertLimit(limit: number): void {
  assertThat(Number.isSafeInteger(limit) && limit >= 1 && limit <= largestLimit, `no integer lies below ${limit}`)
}
