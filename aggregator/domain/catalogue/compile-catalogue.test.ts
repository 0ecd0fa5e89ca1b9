import { expect, test } from 'vitest'
import { sampleCatalogue, sampleFile, sampleJson } from '../testing/sample-tenant.ts'
import { contentId, feeId, priceId } from './content-id.ts'
import { catalogueFromBytes, compileCatalogue } from './compile-catalogue.ts'

test('a file of before there were versions, matrices and zones has the hash it has always had', () => {
  expect(sampleCatalogue().hash).toBe('d706f18cf85415eec6c62170e1525bc844023b2169dd166cff2ecd3ff2199092')
})

test('the order a file was written in changes nothing, what it says does', () => {
  const { hash } = sampleCatalogue()
  const json = sampleJson()
  const turned = Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, Array.isArray(value) ? value.toReversed() : value]),
  )
  expect(sampleCatalogue(turned).hash).toBe(hash)
  expect(sampleCatalogue({ ...json, currency: 'SEK' }).hash).not.toBe(hash)
})

test('the bytes of a catalogue read back to the same catalogue', () => {
  const catalogue = sampleCatalogue()
  const back = catalogueFromBytes(catalogue.bytes)
  // Functions are never the same; these say what the file does, which is compared.
  const functions = { profile: null, taxes: null }
  expect(back.ok && { ...back.value, ...functions }).toEqual({ ...catalogue, ...functions })
})

test.each<readonly [what: string, bytes: Uint8Array, message: RegExp]>([
  ['no JSON', Uint8Array.of(0x7b, 0xff), /no JSON text/],
  ['another shape', new TextEncoder().encode('{"tenant":"acme"}'), /cannot be read at currency/],
])('%s is no catalogue', (_what, bytes, message) => {
  const back = catalogueFromBytes(bytes)
  expect(!back.ok && back.fault.message).toMatch(message)
})

test('a file whose parts do not fit together is refused with the first thing wrong', () => {
  const file = sampleFile({ ...sampleJson(), partners: [] })
  const compiled = compileCatalogue(file)
  expect(!compiled.ok && compiled.fault.message).toMatch(
    /subscriptions\.6\.seller is roamnet, but there is no such partner/,
  )
})

test('a price is known by what it charges, not by what it is called', () => {
  const terms = { model: 'per-unit', amount: '3', per: 1_000_000n } as const
  const golden = 'ef3ab4280b7e216e21371c8c818f484cf40991adeec872436b9deea3864e494e'
  expect(priceId('ai.input_tokens', 'EUR', terms)).toBe(golden)
  expect(sampleCatalogue().subscriptions.get('bright-ai')?.versions[0]?.prices.get('ai.input_tokens')?.id).toBe(golden)
  expect(priceId('ai.input_tokens', 'USD', terms)).not.toBe(golden)
  expect(priceId('ai.output_tokens', 'EUR', terms)).not.toBe(golden)
})

test('a fee and a version of an offering are known by what they charge', () => {
  const each = { quantity: 'seats' }
  const fee = { model: 'recurring', amount: '4.5', due: 'in-arrears', each, prorate: 'none' } as const
  expect(feeId('EUR', fee)).toBe(
    contentId({
      currency: 'EUR',
      fee: { model: 'recurring', amount: '4.5', due: 'in-arrears', each: { quantity: 'seats' } },
    }),
  )
  expect(feeId('EUR', fee)).toBe('243c058fada7f9eccbed0bf5e226bd4074e6f15280d8141f5d9246e7954ca0ca')
  expect(feeId('EUR', { ...fee, due: 'in-advance', each: 'subscription' })).not.toBe(feeId('EUR', fee))
  expect(feeId('EUR', { ...fee, prorate: 'day' })).not.toBe(feeId('EUR', fee))
  expect(sampleCatalogue().subscriptions.get('bright-ai')?.versions[0]?.offeringVersion).toBe(
    'f3c58fe3c3b68442611df424c882412dc2811f535a921d822247e53d0ccdd12a',
  )
})
