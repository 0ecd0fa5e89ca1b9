import { createPrivateKey, createPublicKey } from 'node:crypto'

/** PKCS #8 framing of a raw Ed25519 private key (RFC 8410 section 7). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const rawKeyBytes = 32

/** An Ed25519 key that follows from 32 bytes of the seed, so that every run of a seed signs the same. */
export function signingKeyFrom(seed: Uint8Array): { readonly privatePem: string; readonly publicKeyBase64: string } {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    privatePem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKeyBase64: publicDer.subarray(publicDer.length - rawKeyBytes).toString('base64'),
  }
}
