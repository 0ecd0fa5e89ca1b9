import { describe, expect, test } from 'vitest'
import { formatMistake, formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { compileCatalogue, catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

function fileOf(meter: string): string {
  return `tenant: acme\ncurrency: EUR\noperator: { id: acme, name: ACME }\nmeters:\n  - { ${meter} }\n`
}

/** The mistakes in a file with one meter, each with what stands at its place. */
function mistakesOf(meter: string, before: TenantFile | null = null): readonly string[] {
  const file = parseTenantFile('acme.yaml', fileOf(meter), before)
  const found = file.ok ? [] : file.mistakes
  return found.map((mistake) => {
    const excerpt = `  - { ${meter} }`
      .slice(mistake.column - 1)
      .slice(0, 9)
      .trimEnd()
    return formatMistake({ ...mistake, file: `«${excerpt}»`, line: 0, column: 0 })
  })
}

function parsed(meter: string): TenantFile {
  const file = parseTenantFile('acme.yaml', fileOf(meter))
  if (!file.ok) throw new Error(formatMistakes(file.mistakes))
  return file.value
}

test.each([
  ['id: m, unit: byte', { kind: 'sum' }],
  ['id: m, unit: byte, kind: sum', { kind: 'sum' }],
  ['id: m, unit: byte, kind: counter', { kind: 'counter', firstReading: 'baseline' }],
  ['id: m, unit: byte, kind: counter, firstReading: fromZero', { kind: 'counter', firstReading: 'fromZero' }],
  [
    'id: m, unit: kWh, kind: gauge, reading: W, longestGap: 15m',
    { kind: 'gauge', reading: 'W', longestGapMs: 900_000 },
  ],
  ['id: m, unit: vcpu-s, kind: gauge, reading: vcpu, longestGap: 90s', { reading: 'vcpu', longestGapMs: 90_000 }],
  ['id: m, unit: device, kind: distinct', { kind: 'distinct' }],
  ['id: m, unit: seat, kind: maximum', { kind: 'maximum' }],
])('a meter with %s is read, and read back from the catalogue', (meter, metering) => {
  const file = parsed(meter)
  expect(file.meters[0]?.metering).toMatchObject(metering)
  const catalogue = compileCatalogue(file)
  const again = catalogueFromBytes(catalogue.ok ? catalogue.value.bytes : new Uint8Array())
  expect(again.ok && again.value.file.meters).toEqual(file.meters)
})

test('a sum is written as it always was, so that known files keep their hash', () => {
  const catalogue = compileCatalogue(parsed('id: m, unit: byte, kind: sum'))
  const text = catalogue.ok ? new TextDecoder().decode(catalogue.value.bytes) : ''
  expect(text).toContain('"meters":[{"id":"m","unit":"byte"}]')
})

describe('a mistake is reported with its place and what to write', () => {
  test.each([
    [
      'id: m, unit: byte, kind: counters',
      '«counters»: meters[0].kind: is the text "counters", but must be one of sum, counter, gauge, distinct, maximum; did you mean counter?',
    ],
    ['id: m, unit: KB', '«KB }»: meters[0].unit: KB is ambiguous: kB is 1000 bytes, KiB is 1024'],
    [
      'id: m, unit: Wh, kind: gauge, longestGap: 15m',
      '«{ id: m,»: meters[0]: is a gauge without reading:, the unit of what is read; add it, such as reading: W',
    ],
    [
      'id: m, unit: Wh, kind: gauge, reading: W',
      '«{ id: m,»: meters[0]: is a gauge without longestGap:, how long a reading holds when none follows; add it, such as 15m',
    ],
    [
      'id: m, unit: seat, kind: gauge, reading: W, longestGap: 15m',
      '«seat, kin»: meters[0].unit: is seat, which W does not become over time: power becomes energy (W → Wh), anything else is multiplied with time, as W-s, W-h or a unit of time alone',
    ],
    [
      'id: m, unit: Wh, kind: gauge, reading: W, longestGap: soon',
      '«soon }»: meters[0].longestGap: is no duration from 1s to 31d: write it like 90s, 15m, 6h or 1d',
    ],
    [
      'id: m, unit: byte, firstReading: fromZero',
      '«fromZero»: meters[0].firstReading: goes with kind: counter, and this meter is a sum; remove it or change the kind',
    ],
    [
      'id: m, unit: byte, kind: counter, reading: W',
      '«W }»: meters[0].reading: goes with kind: gauge, and this meter is a counter; remove it or change the kind',
    ],
    [
      'id: m, unit: byte, kind: counter, firstReading: zero',
      '«zero }»: meters[0].firstReading: is the text "zero", but must be one of baseline, fromZero',
    ],
    [
      'id: m, unit: h-kWh, kind: gauge, reading: Mb, longestGap: 15m',
      '«Mb, longe»: meters[0].reading: Mb is ambiguous: Mbit is 1000² bits, MB is 1000² bytes, MiB is 1024²',
    ],
    ['id: m, unit: byte, kinds: counter', '«kinds: co»: meters[0].kinds: is unknown; did you mean kind?'],
  ])('%s', (meter, mistake) => {
    expect(mistakesOf(meter)).toContain(mistake)
  })
})

test.each([
  [
    'id: m, unit: byte',
    'id: m, unit: byte, kind: counter',
    'meters[0].kind: was sum before and cannot change to counter',
  ],
  [
    'id: m, unit: byte, kind: counter',
    'id: m, unit: kB, kind: counter',
    'meters[0].unit: was byte before and cannot change to kB',
  ],
  [
    'id: m, unit: kWh, kind: gauge, reading: W, longestGap: 15m',
    'id: m, unit: kWh, kind: gauge, reading: kW, longestGap: 15m',
    'meters[0].reading: was W before and cannot change to kW',
  ],
])('what %s means cannot become %s', (before, after, mistake) => {
  expect(mistakesOf(after, parsed(before)).join()).toContain(`${mistake}; add a new meter in its place`)
})

test('what does not change the meaning of readings may change', () => {
  const before = parsed('id: m, unit: kWh, kind: gauge, reading: W, longestGap: 15m')
  expect(mistakesOf('id: m, unit: kWh, kind: gauge, reading: W, longestGap: 1h', before)).toEqual([])
})
