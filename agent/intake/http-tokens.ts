import { hash } from 'node:crypto'
import type { Random } from '@meterline/shared/base/random.ts'

/** A source as it stands in the configuration: its id and the hash of its token, never the token. */
export interface SourceToken {
  readonly source: string
  /** `sha256:` and the digest in hex; written by `newToken`. */
  readonly tokenHash: string
}

const tokenBytes = 24
const tokenPrefix = 'mlt_'

/**
 * Makes a bearer token of 192 random bits. One pass of SHA-256 is enough to hash it: unlike a password it cannot be
 * guessed, so there is nothing to slow down.
 */
export function newToken(random: Random): { readonly token: string; readonly tokenHash: string } {
  const token = tokenPrefix + Buffer.from(random.bytes(tokenBytes)).toString('base64url')
  return { token, tokenHash: tokenHashOf(token) }
}

/** The hash of a token as the configuration has it. */
export function tokenHashOf(token: string): string {
  return `sha256:${hash('sha256', token, 'hex')}`
}

/** Who may post, by the hash of the token. How long a look-up takes says something of the hash and nothing of the token. */
export class SourceTokens {
  readonly #sources = new Map<string, string>()
  readonly #names = new Set<string>()

  constructor(tokens: readonly SourceToken[]) {
    for (const { source, tokenHash } of tokens) {
      this.#sources.set(tokenHash, source)
      this.#names.add(source)
    }
  }

  /** The source of a token; null when nobody has it. */
  sourceOf(token: string): string | null {
    return this.#sources.get(tokenHashOf(token)) ?? null
  }

  /** Whether a source has a token, so that nobody may post in its name without one. */
  isRegistered(source: string): boolean {
    return this.#names.has(source)
  }
}
