import { hash } from 'node:crypto'

/** Bytes of a SHA-256 hash. */
export const hashBytes = 32

/**
 * A SHA-256 hash as a string of 32 characters from U+0000 to U+00FF, one a byte. On measured paths hashes are carried
 * like this, because handing out a Buffer costs three times as much as the hash itself.
 */
export type BinaryHash = string

/** SHA-256 of the bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return bytesOfBinary(sha256Binary(bytes))
}

/** SHA-256 of the bytes, in the form for measured paths. */
export function sha256Binary(bytes: Uint8Array): BinaryHash {
  return hash('sha256', bytes, 'binary')
}

/** The bytes of a hash in binary form. */
export function bytesOfBinary(binary: BinaryHash): Uint8Array {
  return new Uint8Array(Buffer.from(binary, 'latin1'))
}

/** The binary form of a hash's bytes. */
export function binaryOfBytes(bytes: Uint8Array): BinaryHash {
  return viewOf(bytes).toString('latin1')
}

/** Whether two byte strings are equal. Not for secrets: it stops at the first difference. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0
}

/** Lower-case hexadecimal text of the bytes. */
export function toHex(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex')
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
