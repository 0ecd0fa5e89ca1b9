import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { catalogueFromBytes, compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { diffCatalogue, formatDiffLine } from '../domain/catalogue/diff-catalogue.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const head = `tenant: acme
currency: EUR
operator: { id: acme, name: ACME }
meters: [{ id: data.bytes, unit: byte }, { id: total.bytes, unit: byte, kind: counter }]
prices: [{ id: data, meter: data.bytes, model: per-unit, amount: "1" }]
offerings: [{ id: tracker, name: Tracker, prices: [data] }]
accounts: [{ id: north, kind: customer, parent: acme, name: North, payer: self }]
partners: [{ id: roamnet, name: RoamNet }]
subscriptions:
  - { id: north-trackers, account: north, offering: tracker, from: 2026-01-01, subjects: [trk-1, trk-2] }
  - { id: roaming, account: acme, seller: roamnet, offering: tracker, from: 2026-01-01 }
`
const heartbeat = '{ id: beat, subscription: north-trackers, every: 15m }'
const network = '{ id: network, meter: data.bytes, charge: net, control: trk-*, window: 5m }'

function mistakesOf(lists: string): string {
  const parsed = parseTenantFile('acme.yaml', head + lists)
  return parsed.ok ? '' : formatMistakes(parsed.mistakes)
}

function expectation(text: string): string {
  return mistakesOf(`expectations:\n  - ${text}\n`)
}

function correlations(...texts: readonly string[]): string {
  return mistakesOf(`correlations:\n${texts.map((text) => `  - ${text}\n`).join('')}`)
}

test('expectations and correlations are read, kept with the version, and shown as differences', () => {
  const lists = `expectations:
  - { id: some, subjects: [b, a], meter: data.bytes, every: 90s, from: 2026-02-01, to: 2026-03-01T12:00:00Z }
  - { id: all, sources: [gw-*, box], every: 24h }
  - ${heartbeat}
correlations:
  - { id: network, meter: data.bytes, charge: net, control: trk-*, window: 5m, tolerance: { percent: "2.5", units: 100 } }
`
  const parsed = parseTenantFile('acme.yaml', head + lists)
  const compiled = parsed.ok ? compileCatalogue(parsed.value) : parsed
  if (!compiled.ok) throw new Error(mistakesOf(lists))
  const { value: catalogue } = compiled
  const none = { meter: null, subjects: null, sources: null, subscription: null, fromMs: null, toMs: null }
  expect(catalogue.file.expectations).toEqual([
    { ...none, id: 'all', sources: ['box', 'gw-*'], everyMs: 86_400_000 },
    { ...none, id: 'beat', subscription: 'north-trackers', everyMs: 900_000 },
    {
      ...none,
      id: 'some',
      meter: 'data.bytes',
      subjects: ['a', 'b'],
      everyMs: 90_000,
      fromMs: Date.UTC(2026, 1, 1),
      toMs: Date.UTC(2026, 2, 1, 12),
    },
  ])
  expect(catalogue.file.correlations).toEqual([
    {
      id: 'network',
      meter: 'data.bytes',
      charge: 'net',
      control: 'trk-*',
      windowMs: 300_000,
      tolerance: { percent: '2.5', units: 100 },
    },
  ])
  const back = catalogueFromBytes(catalogue.bytes)
  expect(back.ok && back.value.file).toEqual(catalogue.file)

  const without = parseTenantFile('acme.yaml', head)
  const before = without.ok ? compileCatalogue(without.value) : without
  if (!before.ok) throw new Error('the file without lists is good')
  expect(diffCatalogue(before.value, catalogue).map(formatDiffLine)).toEqual([
    '+ expectation all: sources [box, gw-*], every 1d',
    '+ expectation beat: subscription north-trackers, every 15m',
    '+ expectation some: meter data.bytes, +2 subjects, every 90s, from 2026-02-01T00:00:00.000Z, to 2026-03-01T12:00:00.000Z',
    '+ correlation network: meter data.bytes, charge net, control trk-*, window 5m, tolerance percent 2.5 units 100',
  ])
})

test('a file without them has the bytes it has always had', () => {
  const parsed = parseTenantFile('acme.yaml', head)
  const compiled = parsed.ok ? compileCatalogue(parsed.value) : parsed
  const text = compiled.ok ? new TextDecoder().decode(compiled.value.bytes) : ''
  expect(text).toContain('"meters"')
  expect(text).not.toContain('expectations')
  expect(text).not.toContain('correlations')
})

describe('a mistake is reported with its place and what to write', () => {
  test.each([
    [
      'nobody to watch',
      '{ id: x, every: 15m }',
      'acme.yaml:13:5: expectations[0]: names nobody to watch: write one of',
    ],
    ['two ways', '{ id: x, every: 15m, subjects: [a], sources: [b] }', 'names whom to watch in 2 ways: write one of'],
    ['no heartbeat', '{ id: x, subjects: [a] }', 'expectations[0].every: is missing'],
    ['a bare number', '{ id: x, subjects: [a], every: 15 }', 'every: is no duration from 1s to 31d: write it like 90s'],
    ['a heartbeat too long', '{ id: x, subjects: [a], every: 32d }', 'every: is no duration from 1s to 31d'],
    ['no subjects', '{ id: x, subjects: [], every: 15m }', 'subjects: is empty; name at least one subject'],
    ['a star in the middle', '{ id: x, sources: [a*b], every: 15m }', 'expectations[0].sources[0]: is no source'],
    ['an unknown meter', '{ id: x, subjects: [a], every: 15m, meter: data.byte }', 'did you mean data.bytes?'],
    [
      'an unknown subscription',
      '{ id: x, subscription: north-tracker, every: 15m }',
      'subscription: is north-tracker, but there is no such subscription; did you mean north-trackers?',
    ],
    [
      'a subscription without subjects',
      '{ id: x, subscription: roaming, every: 15m }',
      'subscription: is roaming, which lists no subjects to watch; name the subscription of a customer or fleet',
    ],
    [
      'an end before the beginning',
      '{ id: x, subjects: [a], every: 15m, from: 2026-02-01, to: 2026-02-01 }',
      'expectations[0].to: is not after from; the end is exclusive',
    ],
  ])('in an expectation: %s', (_what, text, mistake) => {
    expect(expectation(text)).toContain(mistake)
  })

  test.each([
    [
      'an unknown meter',
      [network.replace('data.bytes', 'data.bits')],
      'meter: is data.bits, but there is no such meter',
    ],
    [
      'a meter of readings',
      [network.replace('data.bytes', 'total.bytes')],
      'meter: is total.bytes, whose records are readings (kind: counter) and no amounts to compare; correlate meters of kind sum',
    ],
    [
      'one source on both sides',
      [network.replace('charge: net', 'charge: trk-7')],
      'control: is trk-*, which shares sources with charge',
    ],
    ['a percentage as a number', [network.replace(' }', ', tolerance: { percent: 2 } }')], 'tolerance.percent'],
    ['a percentage above 100', [network.replace(' }', ', tolerance: { percent: "101" } }')], 'is no percentage'],
    ['units below nought', [network.replace(' }', ', tolerance: { units: -1 } }')], 'tolerance.units: is below 0'],
    [
      'a control source of two rules',
      [network, network.replace('network', 'second').replace('net,', 'other,').replace('trk-*', 'trk-n-*')],
      'correlations[1].control: is trk-n-*, which shares sources with the control of network for the same meter',
    ],
    [
      'charging what another rule only compares',
      [network, network.replace('network', 'second').replace('net,', 'trk-9,').replace('trk-*', 'audit')],
      'correlations[1].charge: is trk-9, which shares sources with the control of network: those are never charged',
    ],
    [
      'comparing what another rule charges',
      [network, network.replace('network', 'second').replace('net,', 'other,').replace('trk-*', 'ne*')],
      'correlations[1].control: is ne*, which shares sources with what network charges',
    ],
    ['an id used twice', [network, network], 'correlations[1].id: is network, which correlations[0] is already called'],
  ])('in a correlation: %s', (_what, texts, mistake) => {
    expect(correlations(...texts)).toContain(mistake)
  })
})
