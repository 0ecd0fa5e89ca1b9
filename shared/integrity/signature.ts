import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { assertThat, FaultError, fault } from '../base/errors.ts'

/** Bytes of a raw Ed25519 public key. */
export const publicKeyBytes = 32
/** Bytes of an Ed25519 signature. */
export const signatureBytes = 64

/** An Ed25519 private key that was opened for signing. */
export interface SigningKey {
  /** Signs utf8(context) ‖ 0x00 ‖ digest. The context says what the digest is of, so that no signature fits elsewhere. */
  sign(context: string, digest: Uint8Array): Uint8Array
  /** Signs a message as it is, for formats that bring their own domain separation (C2SP signed notes). */
  signMessage(message: Uint8Array): Uint8Array
  /** Raw 32 bytes in base64. */
  readonly publicKeyBase64: string
}

/** Makes a new Ed25519 key: the private part as PKCS #8 PEM, the public part as its raw 32 bytes in base64. */
export function generateSigningKey(): { readonly privatePem: string; readonly publicKeyBase64: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyBase64: rawPublicKey(publicKey),
  }
}

/** Opens a private key from PKCS #8 PEM. Throws a `FaultError` (`signing_key_invalid`) for anything but an Ed25519 key. */
export function openSigningKey(privatePem: string): SigningKey {
  const key = parsePrivateKey(privatePem)
  return {
    publicKeyBase64: rawPublicKey(createPublicKey(key)),
    sign: (context, digest) => new Uint8Array(sign(null, signedMessage(context, digest), key)),
    signMessage: (message) => new Uint8Array(sign(null, message, key)),
  }
}

/** Whether the text is a raw Ed25519 public key in canonical base64. */
export function isPublicKey(publicKeyBase64: string): boolean {
  return publicKeyOf(publicKeyBase64) !== undefined
}

/** Whether this key signed the digest under this context. False for malformed keys and signatures too. */
export function verifySignature(
  publicKeyBase64: string,
  context: string,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyMessage(publicKeyBase64, signedMessage(context, digest), signature)
}

/** Whether this key signed the message as it is. */
export function verifyMessage(publicKeyBase64: string, message: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKeyOf(publicKeyBase64)
  return key !== undefined && signature.length === signatureBytes && verify(null, message, key, signature)
}

function signedMessage(context: string, digest: Uint8Array): Buffer {
  assertThat(context !== '' && !context.includes('\0'), 'a signature context is a text without NUL')
  return Buffer.concat([Buffer.from(`${context}\0`, 'utf8'), digest])
}

function parsePrivateKey(privatePem: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(privatePem)
  } catch {
    // The library's message may quote the input; a private key has no place in a message.
    key = undefined
  }
  if (key?.asymmetricKeyType === 'ed25519') return key
  throw new FaultError(
    fault(
      'signing_key_invalid',
      'the signing key is no Ed25519 private key in PKCS #8 PEM; make one with the init command',
    ),
  )
}

function rawPublicKey(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' })
  assertThat(x !== undefined, 'an Ed25519 public key has its x coordinate')
  return Buffer.from(x, 'base64url').toString('base64')
}

// Opening a key costs about as much as checking a signature. Agents come back batch after batch with the same few keys.
const openedKeys = new Map<string, KeyObject>()
const openedKeysCap = 4096

function publicKeyOf(publicKeyBase64: string): KeyObject | undefined {
  const opened = openedKeys.get(publicKeyBase64)
  if (opened !== undefined) return opened
  const raw = Buffer.from(publicKeyBase64, 'base64')
  if (raw.length !== publicKeyBytes || raw.toString('base64') !== publicKeyBase64) return undefined
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
  if (openedKeys.size >= openedKeysCap) openedKeys.clear()
  openedKeys.set(publicKeyBase64, key)
  return key
}
