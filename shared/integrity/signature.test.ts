import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateSigningKey, isPublicKey, openSigningKey, verifyMessage, verifySignature } from './signature.ts'

/** RFC 8032 section 7.1: seeds, public keys, messages and signatures of tests 1 and 3. */
const reference = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
]

function pemOfSeed(seedHex: string): string {
  // PKCS #8 of an Ed25519 key is this fixed prefix and the seed (RFC 8410).
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seedHex, 'hex')])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
const digest = new Uint8Array(32).fill(5)

describe('Ed25519 keys', () => {
  it.each(reference)('sign message "$message" as RFC 8032 says', ({ seed, publicKey, message, signature }) => {
    const key = openSigningKey(pemOfSeed(seed))
    expect(key.publicKeyBase64).toBe(base64(publicKey))
    expect(Buffer.from(key.signMessage(Buffer.from(message, 'hex'))).toString('hex')).toBe(signature)
    expect(verifyMessage(base64(publicKey), Buffer.from(message, 'hex'), Buffer.from(signature, 'hex'))).toBe(true)
  })

  it('sign context, NUL and digest', () => {
    const key = openSigningKey(pemOfSeed(reference[0]?.seed ?? ''))
    const message = Buffer.concat([Buffer.from('meterline-batch-v1\0'), digest])
    expect(key.sign('meterline-batch-v1', digest)).toEqual(key.signMessage(message))
  })

  it('that are generated can be opened, and verify only their own signature in its own context', () => {
    const generated = generateSigningKey()
    const key = openSigningKey(generated.privatePem)
    expect(key.publicKeyBase64).toBe(generated.publicKeyBase64)
    const signature = key.sign('meterline-batch-v1', digest)
    expect(verifySignature(key.publicKeyBase64, 'meterline-batch-v1', digest, signature)).toBe(true)
    expect(verifySignature(key.publicKeyBase64, 'meterline-snapshot-v1', digest, signature)).toBe(false)
    expect(verifySignature(key.publicKeyBase64, 'meterline-batch-v1', new Uint8Array(32), signature)).toBe(false)
    expect(verifySignature(generateSigningKey().publicKeyBase64, 'meterline-batch-v1', digest, signature)).toBe(false)
  })

  it('verify nothing when the signature or the key is malformed', () => {
    const key = openSigningKey(generateSigningKey().privatePem)
    const signature = key.sign('context', digest)
    expect(verifySignature(key.publicKeyBase64, 'context', digest, signature.subarray(1))).toBe(false)
    expect(verifySignature(key.publicKeyBase64, 'context', digest, new Uint8Array(64))).toBe(false)
    for (const bad of ['', 'AAAA', key.publicKeyBase64.slice(0, -1), ` ${key.publicKeyBase64}`])
      expect(verifySignature(bad, 'context', digest, signature)).toBe(false)
  })

  it('are recognised in canonical base64 only', () => {
    const { publicKeyBase64 } = generateSigningKey()
    expect(isPublicKey(publicKeyBase64)).toBe(true)
    expect(isPublicKey(publicKeyBase64.replace('=', ''))).toBe(false)
    expect(isPublicKey(Buffer.alloc(31).toString('base64'))).toBe(false)
  })

  it('of another kind, or no key at all, are refused without quoting them', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    for (const pem of ['not a key', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()])
      expect(() => openSigningKey(pem)).toThrow(/^the signing key is no Ed25519 private key/)
  })
})
