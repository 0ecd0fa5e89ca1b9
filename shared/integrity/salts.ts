import { createCipheriv } from 'node:crypto'
import { assertThat } from '../base/errors.ts'

/** Bytes of a batch's secret. */
export const secretBytes = 32
/** Bytes of a salt. */
export const saltBytes = 16

const zeroCounter = new Uint8Array(16)

/**
 * `count` salts one after the other: the AES-256-CTR keystream under the secret, with the counter starting at zero. Salt i
 * is block i. To reveal one salt says nothing about the others, while one secret a batch is all there is to keep and delete.
 */
export function deriveSalts(secret: Uint8Array, count: number): Uint8Array {
  assertThat(secret.length === secretBytes, 'the secret of a batch has 32 bytes')
  // The cipher adds its keystream to what it is given; added to zeros, the keystream itself comes out.
  return createCipheriv('aes-256-ctr', secret, zeroCounter).update(new Uint8Array(count * saltBytes))
}
