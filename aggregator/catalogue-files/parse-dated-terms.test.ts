import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { parseTenantFile } from './parse-tenant-file.ts'

/** 2026-06-15. */
const june = Date.UTC(2026, 5, 15)

function file(own: string, line = 'quantities: { seats: 1 }'): string {
  return `
tenant: acme
currency: EUR
operator: { id: acme, name: ACME Telecom }
meters:
  - { id: data, unit: byte }
prices:
  - { id: own, meter: data, model: per-unit, amount: "1" }
  - { id: seat, model: recurring, amount: "4", each: { quantity: seats }, prorate: day }
offerings:
  - { id: plain, name: Plain, prices: [own], versions: [{ from: 2026-02-01, prices: [own] }] }
  - { id: full, name: Full, prices: [own, seat], versions: [{ from: 2026-03-01, prices: [own, seat] }] }
accounts:
  - { id: north, kind: customer, parent: acme, name: North, payer: self }
subscriptions:
  - { id: own, account: north, subjects: [a], offering: plain, from: 2026-01-01, ${own} }
  - { id: line, account: north, subjects: [b], offering: full, from: 2026-01-01, ${line} }
`.trimStart()
}

/** The mistakes of a file, by path; given one, as the version after another file that was applied before. */
function mistakes(now: string, before: string | null = null): string {
  const earlier = before === null ? null : parseTenantFile('acme.yaml', before, null, june)
  if (earlier !== null && !earlier.ok) throw new Error(formatMistakes(earlier.mistakes))
  const parsed = parseTenantFile('acme.yaml', now, earlier?.value ?? null, june)
  if (parsed.ok) return ''
  return parsed.mistakes
    .map(({ path, message, suggestion }) => `${path} ${message}${suggestion === undefined ? '' : `; ${suggestion}`}`)
    .join('\n')
}

const at = 'subscriptions[0].'

describe('what changes a subscription within its time', () => {
  test.each<readonly [what: string, own: string, expected: string]>([
    [
      'all of it',
      'to: 2026-12-01, quantities: { seats: 1 }, changes: [{ at: 2026-03-01, quantities: { seats: 2, rooms: 1 } }], migrations: [{ at: 2026-04-01, offering: full, version: 2026-03-01 }, { at: 2026-05-01, version: first }, { at: 2026-07-01, offering: plain, version: 2026-02-01 }], pauses: [{ from: 2026-06-01, to: 2026-06-05, reason: winter }, { from: 2026-06-05, to: 2026-12-01 }], dependsOn: line, whenPaused: stays',
      '',
    ],
    [
      'a quantity that only a change states',
      'changes: [{ at: 2026-02-01, quantities: { seats: 2 } }], migrations: [{ at: 2026-02-01, offering: full, version: first }]',
      '',
    ],
    [
      'a quantity that is stated too late',
      'changes: [{ at: 2026-02-02, quantities: { seats: 2 } }], migrations: [{ at: 2026-02-01, offering: full, version: first }]',
      'subscriptions[0] states no quantity seats, which its fee seat counts; add quantities: { seats: 1 } with how many it has',
    ],
    [
      'a change as it begins',
      'changes: [{ at: 2026-01-01, quantities: { seats: 2 } }]',
      `${at}changes[0].at is not after from; write under quantities what it begins with`,
    ],
    [
      'a change after its end',
      'to: 2026-03-01, changes: [{ at: 2026-03-01, quantities: { seats: 2 } }]',
      `${at}changes[0].at is not before to (2026-03-01T00:00:00.000Z); remove it`,
    ],
    [
      'two changes at once',
      'changes: [{ at: 2026-03-01, quantities: { a: 2 } }, { at: 2026-03-01, quantities: { b: 2 } }]',
      `${at}changes[1].at is 2026-03-01T00:00:00.000Z, when another change of it begins; give each change a date of its own`,
    ],
    [
      'a change of nothing',
      'changes: [{ at: 2026-03-01, quantities: {} }]',
      `${at}changes[0].quantities names no quantity`,
    ],
    [
      'a migration to an offering there is not',
      'migrations: [{ at: 2026-04-01, offering: fulll, version: first }]',
      `${at}migrations[0].offering is fulll, but there is no such offering; did you mean full?`,
    ],
    [
      'a migration to a version of the offering before',
      'quantities: { seats: 1 }, migrations: [{ at: 2026-05-01, version: 2026-02-01 }, { at: 2026-04-01, offering: full, version: first }]',
      `${at}migrations[0].version is 2026-02-01T00:00:00.000Z, but full has no version that is sold from then; did you mean 2026-03-01T00:00:00.000Z?`,
    ],
    [
      'a pause that ends before it begins',
      'pauses: [{ from: 2026-03-02, to: 2026-03-02 }]',
      `${at}pauses[0].to is not after from; the end is exclusive`,
    ],
    [
      'a pause before it begins',
      'pauses: [{ from: 2025-12-31 }]',
      `${at}pauses[0].from is before the subscription begins (2026-01-01T00:00:00.000Z)`,
    ],
    [
      'a pause after its end',
      'to: 2026-03-01, pauses: [{ from: 2026-03-01 }]',
      `${at}pauses[0].from is not before the subscription ends (2026-03-01T00:00:00.000Z); remove it`,
    ],
    ['a pause beyond its end', 'to: 2026-03-01, pauses: [{ from: 2026-02-01, to: 2026-04-01 }]', ''],
    [
      'a pause within another',
      'pauses: [{ from: 2026-03-05, to: 2026-03-07 }, { from: 2026-03-01, to: 2026-03-06 }]',
      `${at}pauses[0].from begins in the pause from 2026-03-01T00:00:00.000Z, which lasts until 2026-03-06T00:00:00.000Z; let one end before the other begins`,
    ],
    [
      'a pause after one without an end',
      'pauses: [{ from: 2026-03-01 }, { from: 2026-04-01 }]',
      `${at}pauses[1].from begins in the pause from 2026-03-01T00:00:00.000Z, which has no end; let one end before the other begins`,
    ],
    [
      'depending on nothing there is',
      'dependsOn: lines',
      `${at}dependsOn is lines, but there is no such subscription; did you mean line?`,
    ],
    ['depending on itself', 'dependsOn: own', `${at}dependsOn makes own depend on itself: own → own`],
    [
      'staying on without depending',
      'whenPaused: stays',
      `${at}whenPaused says what happens while another subscription is paused, but there is no dependsOn; add dependsOn: with its id, or remove it`,
    ],
  ])('%s', (_what, own, expected) => {
    expect(mistakes(file(own))).toBe(expected)
  })

  test('circles of more than one are named once for each that is in them', () => {
    expect(mistakes(file('dependsOn: line', 'quantities: { seats: 1 }, dependsOn: own'))).toBe(
      'subscriptions[0].dependsOn makes own depend on itself: own → line → own\n' +
        'subscriptions[1].dependsOn makes line depend on itself: line → own → line',
    )
  })
})

describe('what has taken effect stays', () => {
  const change = 'changes: [{ at: 2026-05-01, quantities: { seats: 2 } }, { at: 2026-07-01, quantities: { seats: 3 } }]'
  const pauses =
    'pauses: [{ from: 2026-03-01, to: 2026-04-01 }, { from: 2026-06-01, to: 2026-07-01 }, { from: 2026-08-01 }]'
  const seats = 'quantities: { seats: 1 }'
  const migration = 'migrations: [{ at: 2026-05-01, offering: full, version: first }]'
  test.each<readonly [what: string, before: string, now: string, expected: string]>([
    [
      'what it began with',
      seats,
      'quantities: { seats: 2 }',
      `${at}quantities has had 1 seats since it began and cannot have 2 from then; put it back and write changes: [{ at: 2026-06-16, quantities: { seats: 2 } }]`,
    ],
    [
      'what it began with, left out',
      seats,
      'seller: null',
      'subscriptions[0] has had 1 seats since it began and cannot have none from then; put it back and write changes: [{ at: 2026-06-16, quantities: { seats: 0 } }]',
    ],
    ['another quantity beside it', seats, 'quantities: { seats: 1, rooms: 4 }', ''],
    ['a change to come', change, change.replace('seats: 3', 'seats: 4'), ''],
    ['a change to come, left out', change, change.replace(', { at: 2026-07-01, quantities: { seats: 3 } }', ''), ''],
    [
      'a change of the past beside it',
      change,
      change.replace('[{', '[{ at: 2026-02-01, quantities: { seats: 9 } }, {'),
      '',
    ],
    [
      'a change that has happened',
      change,
      change.replace('seats: 2', 'seats: 4'),
      `${at}changes[0].quantities is another change than the one of 2026-05-01T00:00:00.000Z that has happened; put it back`,
    ],
    [
      'a change that has happened, left out',
      change,
      change.replace('{ at: 2026-05-01, quantities: { seats: 2 } }, ', ''),
      `${at}changes leave out the change of own at 2026-05-01T00:00:00.000Z, which has happened; put it back`,
    ],
    [
      'the end of a pause that lasts, and one to come',
      pauses,
      pauses.replace('2026-07-01', '2026-06-10').replace(', { from: 2026-08-01 }', ''),
      '',
    ],
    [
      'a pause that has begun',
      pauses,
      pauses.replace('2026-06-01', '2026-06-02'),
      `${at}pauses leave out the pause of own from 2026-06-01T00:00:00.000Z, which has begun; put it back`,
    ],
    [
      'the end of a pause that is over',
      pauses,
      pauses.replace('to: 2026-04-01', 'to: 2026-04-02'),
      `${at}pauses[0].to is another end than that of 2026-04-01T00:00:00.000Z, which is over; put it back`,
    ],
    [
      'all pauses',
      pauses,
      'seller: null',
      'subscriptions[0] leave out the pause of own from 2026-03-01T00:00:00.000Z, which has begun; put it back\n' +
        'subscriptions[0] leave out the pause of own from 2026-06-01T00:00:00.000Z, which has begun; put it back',
    ],
    [
      'a migration to another offering',
      `${seats}, ${migration}`,
      `${seats}, migrations: [{ at: 2026-05-01, version: first }]`,
      `${at}migrations leave out the migration of own at 2026-05-01T00:00:00.000Z to version first of full, which has happened; put it back`,
    ],
    ['what it depends on, while that was never paused', 'dependsOn: line', 'seller: null', ''],
  ])('%s', (_what, before, now, expected) => {
    expect(mistakes(file(now), file(before))).toBe(expected)
  })

  test('what a version that was bought includes', () => {
    const included = (quantity: string | null): string => {
      const allowances = quantity === null ? '' : `, allowances: [{ id: some, meter: data, quantity: ${quantity} }]`
      return file('').replace('name: Plain, prices: [own]', `name: Plain, prices: [own]${allowances}`)
    }
    const said =
      'changes what is included for those who bought this version; put it back and write a version of its own, from 2026-06-16 on, and migrate who is to have it'
    expect(mistakes(included('5'), included('5'))).toBe('')
    expect(mistakes(included('6'), included('5'))).toBe(`offerings[0].allowances ${said}`)
    expect(mistakes(included(null), included('5'))).toBe(`offerings[0] ${said}`)
  })

  test.each<readonly [what: string, pause: string, before: string, now: string, refused: boolean]>([
    ['depending no more', '{ from: 2026-03-01, to: 2026-04-01 }', 'dependsOn: line', 'seller: null', true],
    ['depending from now on', '{ from: 2026-03-01, to: 2026-04-01 }', 'seller: null', 'dependsOn: line', true],
    ['staying on', '{ from: 2026-06-15 }', 'dependsOn: line', 'dependsOn: line, whenPaused: stays', true],
    ['before it is paused', '{ from: 2026-06-16 }', 'dependsOn: line', 'dependsOn: line, whenPaused: stays', false],
    ['having stayed on', '{ from: 2026-03-01 }', 'dependsOn: line, whenPaused: stays', 'seller: null', false],
  ])('%s', (_what, pause, before, now, refused) => {
    const line = `quantities: { seats: 1 }, pauses: [${pause}]`
    expect(mistakes(file(now, line), file(before, line))).toMatch(
      refused ? /^subscriptions\[0\]\S* depends on another subscription than before, but line has been paused/ : /^$/,
    )
  })
})
