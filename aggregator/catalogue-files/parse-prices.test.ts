import { describe, expect, test } from 'vitest'
import { formatMistake, formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { parseTenantFile } from './parse-tenant-file.ts'
import { tenantFileText } from './write-tenant-file.ts'

const good = `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
taxCodes:
  - { id: services, name: Services }
meters:
  - { id: data.bytes, unit: byte }
  - { id: ai.input, unit: token }
  - { id: ai.output, unit: token }
  - { id: kwh, unit: Wh }
matrices:
  - id: llm
    dimensions: [ai.model, region]
    fact: ai.total
    per: 1000000
    rows:
      - { when: { ai.model: large }, amounts: { ai.input: "2.5", ai.output: "10" }, above: [{ above: 200000, amounts: { ai.input: "5" } }] }
      - { when: { ai.model: large, region: eu }, amounts: { ai.input: "3" } }
prices:
  - id: data
    meter: data.bytes
    tax: services
    model: graduated
    per: 1000
    tiers: [{ upTo: 2000, amount: "0.02" }, { amount: "0.01" }]
    changes:
      - { from: 2026-06-01, model: volume, per: 1000, tiers: [{ upTo: 9000, amount: "0.03" }, { amount: "0.01" }], minimum: "1" }
  - { id: input, meter: ai.input, model: matrix, matrix: llm }
  - { id: output, meter: ai.output, model: matrix, matrix: llm }
  - id: power
    meter: kwh
    model: time-of-use
    zone: Europe/Berlin
    windows:
      - { name: peak, at: [{ days: mon-fri, from: "08:00", to: "20:00" }], price: { model: per-unit, amount: "0.30", per: 1000 } }
    otherwise: { name: night, price: { model: per-unit, amount: "0.20", per: 1000 } }
  - { id: seat, model: recurring, amount: "4.50", due: in-arrears, each: { quantity: seats } }
  - { id: setup, model: one-time, amount: 20 }
offerings:
  - id: all
    name: Everything
    prices: [data, input, output, seat]
    versions:
      - { from: 2026-04-01, prices: [data, power, setup] }
accounts:
  - { id: north, kind: customer, parent: acme, name: North, payer: self }
subscriptions:
  - { id: own, account: north, offering: all, from: 2026-01-01, subjects: [a], quantities: { seats: 25 }, migrations: [{ at: 2026-05-01, version: 2026-04-01 }] }
`.trimStart()

function compiled(text: string): ReturnType<typeof compileCatalogue> & { readonly ok: true } {
  const parsed = parseTenantFile('acme.yaml', text)
  const catalogue = parsed.ok ? compileCatalogue(parsed.value) : null
  if (catalogue?.ok !== true) throw new Error(parsed.ok ? 'does not compile' : formatMistakes(parsed.mistakes))
  return catalogue
}

/** The good file with one text replaced by another, and its mistakes with what stands in the file at their places. */
function mistakesWith(text: string, replacement: string): string {
  expect(good).toContain(text)
  const changed = good.replace(text, replacement)
  const parsed = parseTenantFile('acme.yaml', changed)
  const lines = changed.split('\n')
  return (parsed.ok ? [] : parsed.mistakes)
    .map((mistake) => {
      const excerpt = lines[mistake.line - 1]?.slice(mistake.column - 1).slice(0, 9) ?? ''
      return formatMistake({ ...mistake, file: `«${excerpt.trimEnd()}»`, line: 0, column: 0 })
    })
    .join('\n')
}

test('a file with everything a price list can hold is read, compiles, and is written back the same', () => {
  const { value: catalogue } = compiled(good)
  const versions = catalogue.subscriptions.get('own')?.versions ?? []
  expect(versions.map(({ prices, fees }) => [...prices.values(), ...fees].map(({ name }) => name))).toEqual([
    ['data', 'input', 'output', 'seat'],
    ['data', 'power', 'setup'],
    ['data', 'power', 'setup'],
  ])
  expect(versions.map(({ prices }) => prices.get('data.bytes')?.terms.model)).toEqual([
    'graduated',
    'graduated',
    'volume',
  ])
  expect(compiled(tenantFileText(catalogue.file)).value.hash).toBe(catalogue.hash)
})

test('a zone is worked out once and kept in the file; a price by time of use is compiled with it', () => {
  const { value: catalogue } = compiled(good)
  expect(catalogue.file.zones.map(({ id }) => id)).toEqual(['Europe/Berlin'])
  const [stated] = catalogue.file.prices.filter(({ id }) => id === 'power')
  expect(stated?.terms).toMatchObject({ model: 'time-of-use', offsets: [] })
  const price = catalogue.subscriptions.get('own')?.versions[1]?.prices.get('kwh')
  const offsets = price?.terms.model === 'time-of-use' ? price.terms.offsets : []
  expect(offsets).toBe(catalogue.file.zones[0]?.offsets)
  expect(offsets).toContainEqual({ fromMs: Date.UTC(2026, 2, 29, 1), offsetMinutes: 120 })
})

test('a zone of the version before keeps its offsets, whatever is known of zones by now', () => {
  const { file } = compiled(good).value
  const before = { ...file, zones: [{ id: 'Europe/Berlin', offsets: [{ fromMs: 0, offsetMinutes: 61 }] }] }
  const parsed = parseTenantFile('acme.yaml', good, before)
  expect(parsed.ok && parsed.value.zones).toEqual(before.zones)
  const listed = `zones: [{ id: Europe/Berlin, offsets: [[0, 62]] }]\n${good}`
  const own = parseTenantFile('acme.yaml', listed)
  expect(own.ok && own.value.zones).toEqual([{ id: 'Europe/Berlin', offsets: [{ fromMs: 0, offsetMinutes: 62 }] }])
})

describe('a mistake is reported with its place and what to write', () => {
  test.each<readonly [what: string, text: string, replacement: string, mistakes: string]>([
    [
      'an unknown model of a change',
      'from: 2026-06-01, model: volume',
      'from: 2026-06-01, model: volum',
      '«volum, pe»: prices[0].changes[0].model: is the text "volum", but must be one of per-unit, graduated, volume, stair-step, package, percentage, graduated-percentage, stepped, request-threshold, matrix, time-of-use, recurring, one-time; did you mean volume?',
    ],
    [
      'a change without a date',
      '{ from: 2026-06-01, model',
      '{ model',
      '«{ model:»: prices[0].changes[0].from: is missing',
    ],
    [
      'an unknown key of a change',
      'tiers: [{ upTo: 9000, amount: "0.03" }, { amount: "0.01" }], minimum: "1"',
      'tiers: [{ upTo: 9000, amount: "0.03" }, { amount: "0.01" }], minimal: "1"',
      '«minimal:»: prices[0].changes[0].minimal: is unknown; did you mean minimum?',
    ],
    [
      'an unknown key of a price',
      'tax: services',
      'tx: services',
      '«tx: servi»: prices[0].tx: is unknown; did you mean tax?',
    ],
    [
      'a mistake within a tier',
      'upTo: 2000, amount: "0.02"',
      'upTo: 2000, amount: 0.02',
      '«0.02 }, {»: prices[0].tiers[0].amount: is a fraction written as a number, which loses digits; write a decimal in quotes, such as "0.0025"',
    ],
    [
      'two changes of one date',
      '      - { from: 2026-06-01,',
      '      - { from: 2026-06-01, model: per-unit, amount: 1 }\n      - { from: 2026-06-01,',
      '«2026-06-0»: prices[0].changes[1].from: is 2026-06-01T00:00:00.000Z, when another change of it begins; give each change a date of its own',
    ],
    [
      'an unknown tax code',
      'tax: services',
      'tax: service',
      '«service»: prices[0].tax: is service, but there is no such tax code; did you mean services?',
    ],
    [
      'an unknown matrix',
      'meter: ai.input, model: matrix, matrix: llm',
      'meter: ai.input, model: matrix, matrix: lm',
      '«lm }»: prices[1].matrix: is lm, but there is no such matrix; did you mean llm?',
    ],
    [
      'a matrix without the meter',
      'id: data\n    meter: data.bytes\n    tax: services\n    model: graduated\n    per: 1000\n    tiers: [{ upTo: 2000, amount: "0.02" }, { amount: "0.01" }]',
      'id: data\n    meter: data.bytes\n    tax: services\n    model: matrix\n    matrix: llm',
      '«llm»: prices[0].matrix: is llm, no row of which has an amount for data.bytes; add data.bytes to the amounts of its rows, or name another matrix',
    ],
    [
      'an unknown meter of a matrix, once',
      'ai.output: "10" }, above: [{ above: 200000, amounts: { ai.input: "5" } }] }',
      'ai.outputs: "10" }, above: [{ above: 200000, amounts: { ai.outputs: "5" } }] }\n      - { when: { ai.model: small }, amounts: { ai.outputs: "1", ai.output: "1" } }',
      '«ai.output»: matrices[0].rows[0].amounts["ai.outputs"]: is ai.outputs, but there is no such meter; did you mean ai.output?',
    ],
    [
      'rows of a matrix that tie',
      '- { when: { ai.model: large, region: eu },',
      '- { when: { region: eu },',
      '«{ when: {»: matrices[0].rows[1]: ties with rows[0]: both match ai.model large, region eu, and neither is more specific; write a row for ai.model large, region eu (for ai.input)',
    ],
    [
      'a row of a matrix twice',
      '- { when: { ai.model: large, region: eu },',
      '- { when: { ai.model: large },',
      '«{ when: {»: matrices[0].rows[1]: is for ai.model large, as rows[0] is (for ai.input)',
    ],
    [
      'an unknown zone',
      'zone: Europe/Berlin',
      'zone: Europe/Berln',
      '«Europe/Be»: prices[3].zone: is no zone: "Europe/Berln" is no zone of the IANA time zone database: did you mean Europe/Berlin?',
    ],
    [
      'a fee with a meter',
      '{ id: setup, model',
      '{ id: setup, meter: kwh, model',
      '«kwh, mode»: prices[5].meter: goes with prices for usage; a recurring or one-time price has none: remove it',
    ],
    [
      'a price without a meter',
      'meter: ai.input, model',
      'model',
      '«{ id: inp»: prices[1].meter: is missing: a text is needed',
    ],
    [
      'a fee that becomes a price',
      '{ id: setup, model: one-time, amount: 20 }',
      '{ id: setup, model: one-time, amount: 20, changes: [{ from: 2026-07-01, model: per-unit, amount: 1 }] }',
      '«per-unit,»: prices[5].changes[0].model: is the text "per-unit", but must be one of recurring, one-time',
    ],
    [
      'a price that becomes a fee',
      '{ id: input, meter: ai.input, model: matrix, matrix: llm }',
      '{ id: input, meter: ai.input, model: matrix, matrix: llm, changes: [{ from: 2026-07-01, model: one-time, amount: 1 }] }',
      '«one-time,»: prices[1].changes[0].model: is the text "one-time", but must be one of per-unit, graduated, volume, stair-step, package, percentage, graduated-percentage, stepped, request-threshold, matrix, time-of-use',
    ],
    [
      'a one-time fee in arrears',
      'model: one-time, amount: 20',
      'model: one-time, due: in-arrears, amount: 20',
      '«in-arrear»: prices[5].due: is the text "in-arrears", but must be in-advance',
    ],
    [
      'a fee that counts what is not stated',
      'quantities: { seats: 25 }, ',
      '',
      '«{ id: own»: subscriptions[0]: states no quantity seats, which its fee seat counts; add quantities: { seats: 1 } with how many it has',
    ],
    [
      'a quantity that is none',
      'seats: 25',
      'seats: -1',
      '«-1 }, mig»: subscriptions[0].quantities.seats: is no quantity: write a whole number from 0 on',
    ],
    [
      'a second price for a meter in one version',
      'prices: [data, power, setup]',
      'prices: [data, power, data, second, setup]',
      '«data, sec»: offerings[0].versions[0].prices[2]: is data, which this offering already lists; remove one\n«second, s»: offerings[0].versions[0].prices[3]: is second, but there is no such price; write one of data, input, output, power, seat, setup',
    ],
    [
      'two versions of one date',
      '- { from: 2026-04-01, prices',
      '- { from: 2026-04-01, prices: [data] }\n      - { from: 2026-04-01, prices',
      '«2026-04-0»: offerings[0].versions[1].from: is 2026-04-01T00:00:00.000Z, when another version of it begins; give each version a date of its own',
    ],
    [
      'a migration to a version there is not',
      'version: 2026-04-01 }',
      'version: 2026-04-02 }',
      '«2026-04-0»: subscriptions[0].migrations[0].version: is 2026-04-02T00:00:00.000Z, but all has no version that is sold from then; did you mean 2026-04-01T00:00:00.000Z?',
    ],
    [
      'a migration to nothing',
      'version: 2026-04-01 }',
      'version: second }',
      '«second }]»: subscriptions[0].migrations[0].version: names no version: write the date its version is sold from, or first',
    ],
    [
      'a migration before the beginning',
      'at: 2026-05-01',
      'at: 2026-01-01',
      '«2026-01-0»: subscriptions[0].migrations[0].at: is not after from; a subscription begins with the version that is sold then',
    ],
    [
      'a migration after the end',
      'from: 2026-01-01, subjects',
      'from: 2026-01-01, to: 2026-05-01, subjects',
      '«2026-05-0»: subscriptions[0].migrations[0].at: is not before to (2026-05-01T00:00:00.000Z); remove it',
    ],
    [
      'two migrations at once',
      'migrations: [',
      'migrations: [{ at: 2026-05-01, version: first }, ',
      '«2026-05-0»: subscriptions[0].migrations[1].at: is 2026-05-01T00:00:00.000Z, when another migration of it begins; give each migration a date of its own',
    ],
    [
      'a price that is no mapping',
      '  - { id: input, meter: ai.input, model: matrix, matrix: llm }\n',
      '  - input\n',
      '«input»: prices[1]: is the text "input", but a mapping is needed\n«input, ou»: offerings[0].prices[1]: is input, but there is no such price; write one of data, output, power, seat, setup',
    ],
  ])('%s', (_what, text, replacement, mistakes) => {
    expect(mistakesWith(text, replacement)).toBe(mistakes)
  })

  test('rows that tie for one meter and not for another are numbered as they are written', () => {
    const rows = 'rows:\n      - { when: { region: eu }, amounts: { data.bytes: "1" } }'
    expect(mistakesWith('rows:', rows)).toBe('')
    const tie = '- { when: { region: eu }, amounts: { ai.output: "1" } }\n      - { when: { ai.model: large }'
    expect(mistakesWith('- { when: { ai.model: large }', tie)).toBe(
      '«{ when: {»: matrices[0].rows[1]: ties with rows[0]: both match ai.model large, region eu, and neither is more specific; write a row for ai.model large, region eu (for ai.output)',
    )
  })
})
