import { describe, expect, it } from 'vitest'
import { sha256 } from '../integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import {
  bindingsLimits,
  bindingsSignatureContext,
  encodeSubjectBindings,
  openSubjectBindings,
  type SubjectBindings,
} from './subject-bindings.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const said: SubjectBindings = {
  format: 1,
  tenant: 'acme',
  version: 3,
  bindingsHash: 'c'.repeat(64),
  subjects: [
    {
      subject: 'trk-1',
      bindings: [
        { plan: 'p', fromMs: 0, toMs: 1_000 },
        { plan: 'q', fromMs: 1_000, toMs: null },
      ],
    },
    { subject: 'nobody', bindings: [] },
  ],
}

function opened(bytes: Uint8Array, context = bindingsSignatureContext): ReturnType<typeof openSubjectBindings> {
  return openSubjectBindings({ bytes, signature: key.sign(context, sha256(bytes)) }, key.publicKeyBase64)
}

function changed(change: (json: string) => string): Uint8Array {
  return new TextEncoder().encode(change(new TextDecoder().decode(encodeSubjectBindings(said))))
}

describe('what is said of subjects', () => {
  it('comes back from its signed bytes', () => {
    expect(opened(encodeSubjectBindings(said))).toEqual({ ok: true, value: said })
  })

  it('is nothing when somebody else signed it, or signed something else', () => {
    const other = openSigningKey(generateSigningKey().privatePem)
    const bytes = encodeSubjectBindings(said)
    const signature = other.sign(bindingsSignatureContext, sha256(bytes))
    const invalid = { ok: false, fault: { code: 'bindings_signature_invalid' } }
    expect(openSubjectBindings({ bytes, signature }, key.publicKeyBase64)).toMatchObject(invalid)
    expect(opened(bytes, 'meterline-snapshot-v2')).toMatchObject(invalid)
  })

  it.each([
    ['white space', (json: string) => `${json} `],
    ['another format', (json: string) => json.replace('"format":1', '"format":2')],
    ['a member more', (json: string) => json.replace('"format":1', '"extra":1,"format":1')],
    ['a time before 1970', (json: string) => json.replace('"fromMs":0', '"fromMs":-1')],
    ['an empty subject', (json: string) => json.replace('"nobody"', '""')],
  ])('with %s is malformed', (_what, change) => {
    expect(opened(changed(change))).toMatchObject({ ok: false, fault: { code: 'bindings_malformed' } })
  })

  it.each([
    [
      'subjects',
      { subjects: Array.from({ length: bindingsLimits.subjects + 1 }, (_, n) => ({ subject: `${n}`, bindings: [] })) },
    ],
    [
      'bindings of a subject',
      {
        subjects: [
          { subject: 's', bindings: Array.from({ length: 65 }, () => ({ plan: 'p', fromMs: 0, toMs: null })) },
        ],
      },
    ],
  ])('with too many %s is malformed', (_what, changes) => {
    expect(opened(encodeSubjectBindings({ ...said, ...changes }))).toMatchObject({
      ok: false,
      fault: { code: 'bindings_malformed' },
    })
  })

  it('that is too large is not read', () => {
    const bytes = new Uint8Array(bindingsLimits.bytes + 1)
    expect(opened(bytes)).toMatchObject({ fault: { message: expect.stringContaining('bytes') as string } })
  })
})
