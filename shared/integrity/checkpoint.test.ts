import { describe, expect, it } from 'vitest'
import { checkpointText, noteVerifierKey, openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { generateSigningKey, openSigningKey, verifyMessage } from './signature.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const keyName = 'meterline.example/acme'
const checkpoint = { origin: 'meterline.example/acme', size: 42, root: new Uint8Array(32).fill(0xab) }
const note = signCheckpoint(checkpoint, keyName, key)

describe('a checkpoint', () => {
  it('is three lines of text: origin, size, root', () => {
    expect(checkpointText(checkpoint)).toBe(
      'meterline.example/acme\n42\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n',
    )
  })

  it('comes back from its signed note', () => {
    expect(openCheckpoint(note, keyName, key.publicKeyBase64)).toEqual({ ok: true, value: checkpoint })
  })

  it('comes back from a note that others cosigned', () => {
    const other = openSigningKey(generateSigningKey().privatePem)
    const cosigned = note + signCheckpoint(checkpoint, 'witness.example', other).split('\n\n')[1]
    expect(openCheckpoint(cosigned, keyName, key.publicKeyBase64)).toMatchObject({ ok: true })
    expect(openCheckpoint(cosigned, 'witness.example', other.publicKeyBase64)).toMatchObject({ ok: true })
  })

  it('comes back from a note with extension lines, which are signed but mean nothing here', () => {
    const text = `${checkpointText(checkpoint)}extension\n`
    const keyHash = Buffer.from(note.trimEnd().split(' ').at(-1) ?? '', 'base64').subarray(0, 4)
    const signature = Buffer.concat([keyHash, key.signMessage(Buffer.from(text))]).toString('base64')
    const extended = `${text}\n\u2014 ${keyName} ${signature}\n`
    expect(openCheckpoint(extended, keyName, key.publicKeyBase64)).toEqual({ ok: true, value: checkpoint })
    const changed = extended.replace('extension', 'extensioN')
    expect(openCheckpoint(changed, keyName, key.publicKeyBase64)).toMatchObject({
      fault: { code: 'checkpoint_signature_invalid' },
    })
  })

  it('is refused with any character of it changed', () => {
    for (let index = 0; index < note.length; index++) {
      const swapped = note[index] === 'A' ? 'B' : 'A'
      const changed = note.slice(0, index) + swapped + note.slice(index + 1)
      const opened = openCheckpoint(changed, keyName, key.publicKeyBase64)
      expect(opened).toMatchObject({ ok: false, fault: { code: expect.stringMatching(/^checkpoint_/) as unknown } })
    }
  })

  it('is refused when somebody else signed it', () => {
    const other = generateSigningKey().publicKeyBase64
    expect(openCheckpoint(note, keyName, other)).toMatchObject({ fault: { code: 'checkpoint_not_signed' } })
    expect(openCheckpoint(note, 'other.example', key.publicKeyBase64)).toMatchObject({
      fault: { code: 'checkpoint_not_signed' },
    })
  })

  it.each([
    { what: 'no signature block', change: (text: string) => text.split('\n\n')[0] ?? '' },
    { what: 'no last line break', change: (text: string) => text.slice(0, -1) },
    { what: 'a size with a leading zero', change: (text: string) => text.replace('\n42\n', '\n042\n') },
    { what: 'a negative size', change: (text: string) => text.replace('\n42\n', '\n-42\n') },
    { what: 'a short root', change: (text: string) => text.replace('q6urq6ur', '') },
    { what: 'no origin', change: (text: string) => text.slice(text.indexOf('\n')) },
    { what: 'a line that is no signature', change: (text: string) => `${text}signed by me\n` },
    { what: 'a mountain of text', change: (text: string) => text + text.repeat(200) },
  ])('is malformed with $what', ({ change }) => {
    expect(openCheckpoint(change(note), keyName, key.publicKeyBase64)).toMatchObject({
      fault: { code: 'checkpoint_malformed' },
    })
  })
})

describe('key names and signatures', () => {
  it('follow the signed-note format, as the example of golang.org/x/mod/sumdb/note shows', () => {
    const verifierKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
    const publicKey = Buffer.from(verifierKey.split('+').slice(2).join('+'), 'base64').subarray(1).toString('base64')
    expect(noteVerifierKey('PeterNeumann', publicKey)).toBe(verifierKey)
    const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    const line = 'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
    expect(verifyMessage(publicKey, Buffer.from(text), Buffer.from(line, 'base64').subarray(4))).toBe(true)
  })
})
