import { describe, expect, test } from 'vitest'
import { formatMistake, formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

const key = `${'A'.repeat(43)}=`
const good = `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters:
  - { id: data.bytes, unit: byte }
  - { id: messages, unit: message }
prices:
  - { id: retail-data, meter: data.bytes, model: graduated, per: 1000, tiers: [{ upTo: 2000, amount: "0.02" }, { amount: "0.01" }] }
  - { id: retail-message, meter: messages, model: per-unit, amount: "0.0025" }
  - { id: wholesale-data, meter: data.bytes, model: per-unit, amount: "0.004", per: 1000 }
  - { id: wholesale-message, meter: messages, model: per-unit, amount: 0 }
offerings:
  - { id: tracker, name: Tracker connectivity, prices: [retail-data, retail-message] }
  - { id: wholesale, name: Wholesale IoT, prices: [wholesale-data, wholesale-message] }
accounts:
  - { id: nordlink, kind: reseller, parent: acme, name: NordLink, payer: self }
  - { id: logistics, kind: customer, parent: nordlink, name: Hansa Logistics, payer: self }
  - { id: north, kind: fleet, parent: logistics, name: Fleet North, payer: parent }
partners:
  - { id: roamnet, name: RoamNet }
subscriptions:
  - { id: north-trackers, account: north, offering: tracker, from: 2026-01-01, subjects: [trk-1, trk-2] }
  - { id: nordlink-wholesale, account: nordlink, offering: wholesale, from: 2026-01-01 }
  - { id: acme-roaming, account: acme, seller: roamnet, offering: wholesale, from: 2026-01-01T10:00:00+01:00, to: 2027-01-01 }
agents:
  - { id: gw-1, signingKey: ${key}, epoch: 1 }
`.trimStart()

/** The good file with one text replaced by another, and its mistakes with what stands in the file at their places. */
function mistakesWith(text: string, replacement: string, before = false): string {
  expect(good).toContain(text)
  const previous = before ? parseTenantFile('acme.yaml', good) : null
  return mistakesOf(good.replace(text, replacement), previous?.ok ? previous.value : null)
}

function mistakesOf(text: string, before: TenantFile | null = null): string {
  const parsed = parseTenantFile('acme.yaml', text, before)
  const lines = text.split('\n')
  return (parsed.ok ? [] : parsed.mistakes)
    .map((mistake) => {
      const excerpt = lines[mistake.line - 1]?.slice(mistake.column - 1).slice(0, 9) ?? ''
      return formatMistake({ ...mistake, file: `«${excerpt.trimEnd()}»`, line: 0, column: 0 })
    })
    .join('\n')
}

test('places are given as file, line and column', () => {
  const parsed = parseTenantFile('acme.yaml', good.replace('currency: EUR', 'currency: EURO'))
  expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toBe(
    'acme.yaml:2:11: currency: is EURO, an unknown currency; did you mean EUR?',
  )
})

test('a good file is read and compiles', () => {
  const parsed = parseTenantFile('acme.yaml', good)
  expect(parsed.ok && parsed.value.subscriptions[2]).toEqual({
    id: 'acme-roaming',
    account: 'acme',
    seller: 'roamnet',
    offering: 'wholesale',
    fromMs: Date.UTC(2026, 0, 1, 9),
    toMs: Date.UTC(2027, 0, 1),
    subjects: null,
    quantities: new Map(),
    changes: [],
    migrations: [],
    pauses: [],
    dependsOn: null,
    whenPaused: 'pause',
    only: null,
  })
  expect(parsed.ok && compileCatalogue(parsed.value).ok).toBe(true)
})

test('lists that are left out are empty', () => {
  const parsed = parseTenantFile('small.yaml', 'tenant: t\ncurrency: EUR\noperator: { id: t, name: T }\nmeters:\n')
  expect(parsed.ok && parsed.value.subscriptions).toEqual([])
})

describe('a mistake is reported with its place and what to write', () => {
  test.each<readonly [what: string, text: string, replacement: string, mistakes: string]>([
    [
      'an unknown key of the file',
      'partners:',
      'partner:',
      '«partner:»: partner: is unknown; did you mean partners?\n«roamnet,»: subscriptions[2].seller: is roamnet, but there is no such partner; the file declares none',
    ],
    [
      'an unknown key of an entry',
      'unit: byte',
      'unti: byte',
      '«{ id: dat»: meters[0].unit: is missing: a text is needed\n«unti: byt»: meters[0].unti: is unknown; did you mean unit?',
    ],
    [
      'an unknown reference',
      'prices: [retail-data,',
      'prices: [retail-dta,',
      '«retail-dt»: offerings[0].prices[0]: is retail-dta, but there is no such price; did you mean retail-data?',
    ],
    [
      'an unknown parent',
      'parent: nordlink',
      'parent: nordlnk',
      '«nordlnk,»: accounts[1].parent: is nordlnk, but there is no such account; did you mean nordlink?',
    ],
    [
      'an unknown meter',
      '{ id: messages, unit',
      '{ id: massages, unit',
      '«messages,»: prices[1].meter: is messages, but there is no such meter; did you mean massages?\n«messages,»: prices[3].meter: is messages, but there is no such meter; did you mean massages?',
    ],
    [
      'a fraction as a number',
      '"0.0025"',
      '0.0025',
      '«0.0025 }»: prices[1].amount: is a fraction written as a number, which loses digits; write a decimal in quotes, such as "0.0025"',
    ],
    [
      'an unknown model',
      'model: per-unit, amount: "0.0025"',
      'model: per-uni, amount: "0.0025"',
      '«per-uni,»: prices[1].model: is the text "per-uni", but must be one of per-unit, graduated, volume, stair-step, package, percentage, graduated-percentage, stepped, request-threshold, matrix, time-of-use, recurring, one-time; did you mean per-unit?',
    ],
    [
      'tiers that do not increase',
      '{ upTo: 2000, amount: "0.02" }',
      '{ upTo: 9, amount: "0.02" }, { upTo: 9, amount: "0.02" }',
      '«9, amount»: prices[0].tiers[1].upTo: is 9, not above the tier before (9); write tiers in increasing order',
    ],
    [
      'a bounded last tier',
      '{ amount: "0.01" }',
      '{ upTo: 9000, amount: "0.01" }',
      '«9000, amo»: prices[0].tiers[1].upTo: bounds the last tier; leave upTo out there, so that usage never runs past it',
    ],
    [
      'an unknown currency',
      'currency: EUR',
      'currency: EURO',
      '«EURO»: currency: is EURO, an unknown currency; did you mean EUR?',
    ],
    [
      'a day that is none',
      'from: 2026-01-01, subjects',
      'from: 2026-02-30, subjects',
      '«2026-02-3»: subscriptions[0].from: is no date: write a day in UTC such as 2026-01-31, or 2026-01-31T22:00:00Z',
    ],
    [
      'an end before the beginning',
      'to: 2027-01-01',
      'to: 2025-01-01',
      '«2025-01-0»: subscriptions[2].to: is not after from; the end is exclusive',
    ],
    [
      'a key that is none',
      `signingKey: ${key}`,
      'signingKey: AAAA',
      '«AAAA, epo»: agents[0].signingKey: is no signing key: write the raw Ed25519 public key in base64 (44 characters), as meterline-agent init prints it',
    ],
    [
      'a cycle',
      'parent: acme, name: NordLink',
      'parent: nordlink, name: NordLink',
      '«nordlink,»: accounts[0].parent: makes nordlink its own ancestor: nordlink → nordlink; let one of them hang below the operator or another account',
    ],
    [
      'a fleet without a customer',
      'parent: logistics',
      'parent: nordlink',
      '«nordlink,»: accounts[2].parent: is nordlink, a reseller; a fleet hangs below customer or fleet',
    ],
    [
      'a payer who sells',
      'name: Hansa Logistics, payer: self',
      'name: Hansa Logistics, payer: parent',
      '«parent }»: accounts[1].payer: is parent, but nordlink is the seller; write self',
    ],
    [
      'one id twice',
      '{ id: roamnet',
      '{ id: nordlink',
      '«nordlink,»: partners[0].id: is nordlink, which accounts[0] is already called; choose another id\n«roamnet,»: subscriptions[2].seller: is roamnet, but there is no such partner; write nordlink',
    ],
    [
      'two prices for one meter',
      'prices: [retail-data, retail-message]',
      'prices: [retail-data, retail-message, wholesale-data]',
      '«wholesale»: offerings[0].prices[2]: is wholesale-data, a second price for data.bytes beside retail-data; keep one price per meter',
    ],
    [
      'no subjects',
      ', subjects: [trk-1, trk-2]',
      '',
      '«{ id: nor»: subscriptions[0]: lists no subjects; add subjects: with the devices or keys it is for',
    ],
    [
      'subjects of a reseller',
      'offering: wholesale, from: 2026-01-01 }',
      'offering: wholesale, from: 2026-01-01, subjects: [trk-1] }',
      '«subjects:»: subscriptions[1].subjects: are listed, but nordlink buys for all usage below it; remove them',
    ],
    [
      'a partner nobody names',
      'seller: roamnet, ',
      '',
      '«{ id: acm»: subscriptions[2]: names no seller; add seller: with the id of a partner',
    ],
    [
      'a seller for an account',
      'account: north,',
      'account: north, seller: nordlink,',
      '«nordlink,»: subscriptions[0].seller: is nordlink, but the seller of an account is the reseller or operator above it; remove it',
    ],
    [
      'a subject twice in a list',
      '[trk-1, trk-2]',
      '[trk-1, trk-2, trk-1]',
      '«trk-1] }»: subscriptions[0].subjects[2]: is trk-1, listed twice; remove one',
    ],
    [
      'subjects bound twice at the same time',
      '  - { id: nordlink-wholesale',
      '  - { id: again, account: logistics, offering: tracker, from: 2026-05-01, subjects: [trk-9, trk-2, trk-1] }\n  - { id: nordlink-wholesale',
      '«trk-2, tr»: subscriptions[1].subjects[1]: is trk-2 (and 1 more), whose data.bytes subscription north-trackers already covers from 2026-01-01T00:00:00.000Z on; end north-trackers with to: before again begins, or list it in one only',
    ],
    [
      'a meter bought twice at the same time',
      'agents:',
      '  - { id: nordlink-more, account: nordlink, offering: wholesale, from: 2026-06-01 }\nagents:',
      '«{ id: nor»: subscriptions[3]: buys data.bytes for nordlink a second time: nordlink-wholesale already covers from 2026-01-01T00:00:00.000Z on; end one with to: before the other begins',
    ],
    [
      'a reseller who buys from nobody',
      'prices: [wholesale-data, wholesale-message]',
      'prices: [wholesale-message]',
      '«nordlink,»: accounts[0].id: is nordlink, which sells data.bytes (subscription north-trackers) but buys it from nobody; add a subscription with account: nordlink to an offering with a price for data.bytes',
    ],
    [
      'one key for two agents',
      `  - { id: gw-1, signingKey: ${key}, epoch: 1 }`,
      `  - { id: gw-1, signingKey: ${key}, epoch: 1 }\n  - { id: gw-2, signingKey: ${key}, epoch: 1 }`,
      '«AAAAAAAAA»: agents[1].signingKey: is the key of gw-1, so their batches could not be told apart; give each agent a key of its own',
    ],
    [
      'a list that is none',
      'agents:\n',
      'agents: none\nx:\n',
      '«none»: agents: is no list; write one entry a line, each after a hyphen\n«x:»: x: is unknown; known here: tenant, currency, operator, test, meters, prices, offerings, accounts, partners, subscriptions, agents, expectations, correlations, taxCodes, matrices, zones, cycles, billingProfiles, contracts, exchangeRates',
    ],
  ])('%s', (_what, text, replacement, mistakes) => {
    expect(mistakesWith(text, replacement)).toBe(mistakes)
  })

  test('a file that is none', () => {
    expect(mistakesOf('- a\n- b\n')).toBe('«- a»: is no tenant file: write a mapping with tenant:, currency: …')
  })
})

test('all mistakes are reported at once, in the order of the file', () => {
  const bad = good
    .replace('currency: EUR', 'currency: EURO')
    .replace('amount: "0.004"', 'amount: -1')
    .replace('kind: reseller', 'kind: seller')
    .replace('epoch: 1', 'epoch: 0')
  const parsed = parseTenantFile('acme.yaml', bad)
  expect(parsed.ok ? [] : parsed.mistakes.map(({ line, path }) => `${line} ${path}`)).toEqual([
    '2 currency',
    '10 prices[2].amount',
    '16 accounts[0].kind',
    '26 agents[0].epoch',
  ])
})

test('a cycle of several accounts is reported once, with the way around', () => {
  const text = `tenant: t
currency: EUR
operator: { id: t, name: T }
accounts:
  - { id: a, kind: reseller, parent: c, name: A, payer: self }
  - { id: b, kind: reseller, parent: a, name: B, payer: self }
  - { id: c, kind: reseller, parent: b, name: C, payer: self }
  - { id: d, kind: customer, parent: a, name: D, payer: self }
`
  const parsed = parseTenantFile('t.yaml', text)
  expect(parsed.ok ? '' : formatMistakes(parsed.mistakes)).toBe(
    't.yaml:5:38: accounts[0].parent: makes a its own ancestor: a → c → b → a; ' +
      'let one of them hang below the operator or another account',
  )
})

test('very many mistakes are cut, and the cut is said', () => {
  const meters = Array.from({ length: 5_000 }, (_, index) => `  - { id: m${index}, unt: x }`).join('\n')
  const parsed = parseTenantFile(
    't.yaml',
    `tenant: t\ncurrency: EUR\noperator: { id: t, name: T }\nmeters:\n${meters}\n`,
  )
  const mistakes = parsed.ok ? [] : parsed.mistakes
  expect(mistakes).toHaveLength(201)
  expect(mistakes.at(-1)?.message).toMatch(/more mistakes than the 200 shown/)
})

describe('a version may not take back what was posted under', () => {
  test.each<readonly [what: string, text: string, replacement: string, mistakes: string]>([
    [
      'an account',
      '  - { id: north, kind: fleet, parent: logistics, name: Fleet North, payer: parent }\n',
      '  - { id: north2, kind: fleet, parent: logistics, name: Fleet North, payer: parent }\n',
      '«accounts:»: accounts: leave out north, which was there before; put it back; an account keeps its books\n' +
        '«north, of»: subscriptions[0].account: is north, but there is no such account; did you mean north2?',
    ],
    [
      'who pays',
      'name: Fleet North, payer: parent',
      'name: Fleet North, payer: self',
      '«self }»: accounts[2].payer: was parent before and cannot change to self; add a new account in its place',
    ],
    [
      'a subscription',
      'id: acme-roaming',
      'id: acme-roaming-2',
      '«subscript»: subscriptions: leave out acme-roaming, which was there before; put it back and end it with to:',
    ],
    [
      'the account of a subscription',
      'account: north,',
      'account: logistics,',
      '«logistics»: subscriptions[0].account: was north before and cannot change to logistics; end it with to: and add a new subscription',
    ],
  ])('%s', (_what, text, replacement, mistakes) => {
    expect(mistakesWith(text, replacement, true)).toBe(mistakes)
  })

  test('names and subjects may change', () => {
    expect(mistakesWith('name: Fleet North', 'name: Fleet of the North', true)).toBe('')
    expect(mistakesWith('[trk-1, trk-2]', '[trk-2, trk-3]', true)).toBe('')
  })
})

test('a mistake in an entry does not hide that it names what is not there', () => {
  const text = good
    .replace('id: retail-data, meter: data.bytes', 'id: retail-data, tax: vat, meter: data.byts')
    .replace('amount: "0.02"', 'amount: 0.02')
    .replace('name: Tracker connectivity, prices: [retail-data', 'name: 5, prices: [retail-dat')
    .replace('account: north, offering: tracker, from: 2026-01-01', 'account: nort, offering: trakker, from: never')
  expect(mistakesOf(text)).toBe(
    [
      '«vat, mete»: prices[0].tax: is vat, but there is no such tax code; the file declares none',
      '«data.byts»: prices[0].meter: is data.byts, but there is no such meter; did you mean data.bytes?',
      '«0.02 }, {»: prices[0].tiers[0].amount: is a fraction written as a number, which loses digits; write a decimal in quotes, such as "0.0025"',
      '«5, prices»: offerings[0].name: is 5, but a text is needed',
      '«retail-da»: offerings[0].prices[0]: is retail-dat, but there is no such price; did you mean retail-data?',
      '«nort, off»: subscriptions[0].account: is nort, but there is no such account; did you mean north?',
      '«trakker,»: subscriptions[0].offering: is trakker, but there is no such offering; did you mean tracker?',
      '«never, su»: subscriptions[0].from: is no date: write a day in UTC such as 2026-01-31, or 2026-01-31T22:00:00Z',
    ].join('\n'),
  )
})
