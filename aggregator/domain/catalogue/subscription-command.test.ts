import { describe, expect, test } from 'vitest'
import type { OfferingDefinition } from './offering-definition.ts'
import { commanded, commandWords, type SubscriptionCommand } from './subscription-command.ts'
import { subscriptionJson, subscriptionSchema, type SubscriptionDefinition } from './subscription-definition.ts'

type Json = Readonly<Record<string, unknown>>

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)
/** Half of June is over. */
const nowMs = day('2026-06-15')

const offering = (id: string, versions: readonly string[]): [string, OfferingDefinition] => [
  id,
  {
    id,
    name: id,
    prices: ['p'],
    allowances: [],
    versions: versions.map((from) => ({ fromMs: day(from), prices: ['p'], allowances: [] })),
  },
]
const offerings = new Map([offering('small', ['2026-07-01']), offering('large', ['2026-03-01', '2026-09-01'])])

function subscription(json: Json): SubscriptionDefinition {
  const base = { id: 'own', account: 'north', offering: 'small', from: '2026-01-01', subjects: ['a'] }
  return subscriptionSchema.parse({ ...base, ...json })
}

/** What a command makes of the dated parts of a subscription: the same object where nothing changes, or a fault's code. */
function after(json: Json, command: SubscriptionCommand): unknown {
  const before = subscription(json)
  const done = commanded(before, command, offerings, nowMs)
  if (!done.ok) return done.fault.code
  if (done.value === before) return 'so already'
  const { to, changes, migrations, pauses, quantities } = subscriptionJson(done.value) as Json
  return { to, changes, migrations, pauses, quantities }
}

const date = (text: string): string => `${text}T00:00:00.000Z`

describe('a change of plan', () => {
  const change = (
    atMs: string,
    named: string | null,
    version: number | 'first' | null = null,
  ): SubscriptionCommand => ({ kind: 'change', atMs: day(atMs), offering: named, version })
  const dated = (at: string, version: string, to?: string): Json => ({
    at: date(at),
    ...(to === undefined ? {} : { offering: to }),
    version: version === 'first' ? version : date(version),
  })
  const july = { migrations: [{ at: '2026-07-10', offering: 'large', version: 'first' }] }
  const may = { migrations: [{ at: '2026-05-10', offering: 'large', version: 'first' }] }

  test.each<readonly [what: string, before: Json, command: SubscriptionCommand, migrations: unknown]>([
    ['takes the version sold then', {}, change('2026-10-01', 'large'), [dated('2026-10-01', '2026-09-01', 'large')]],
    ['to what it has then anyway', {}, change('2026-06-20', null), 'so already'],
    ['to what it will have had for long', may, change('2026-07-20', 'large', 'first'), 'so already'],
    ['of its own offering', {}, change('2026-08-01', null), [dated('2026-08-01', '2026-07-01')]],
    ['to a version', {}, change('2026-08-01', 'large', 'first'), [dated('2026-08-01', 'first', 'large')]],
    ['is corrected while it is to come', july, change('2026-07-10', 'small'), [dated('2026-07-10', '2026-07-01')]],
    ['is so already', july, change('2026-07-10', 'large', 'first'), 'so already'],
    ['that has happened is so already', may, change('2026-05-10', 'large', 'first'), 'so already'],
    ['that has happened stays', may, change('2026-05-10', 'large'), 'taken_effect'],
    ['to what there is not', {}, change('2026-07-01', 'huge'), 'offering_unknown'],
    [
      'before another leaves that what it is',
      { migrations: [{ at: '2026-08-01', version: 'first' }] },
      change('2026-07-10', 'large', 'first'),
      [dated('2026-07-10', 'first', 'large'), dated('2026-08-01', 'first', 'small')],
    ],
  ])('%s', (_what, before, command, migrations) => {
    expect(after(before, command)).toEqual(
      typeof migrations === 'string' ? migrations : expect.objectContaining({ migrations }),
    )
  })
})

describe('quantities', () => {
  const quantity = (at: string, seats: bigint): SubscriptionCommand => ({
    kind: 'quantity',
    atMs: day(at),
    quantities: new Map([['seats', seats]]),
  })
  const held = {
    quantities: { seats: 1 },
    changes: [
      { at: '2026-05-01', quantities: { seats: 2 } },
      { at: '2026-07-01', quantities: { rooms: 3 } },
    ],
  }
  const may = { at: date('2026-05-01'), quantities: { seats: '2' } }
  const july = { at: date('2026-07-01'), quantities: { rooms: '3' } }
  test.each<readonly [what: string, before: Json, command: SubscriptionCommand, expected: unknown]>([
    [
      'from a date on',
      held,
      quantity('2026-08-01', 5n),
      { changes: [may, july, { at: date('2026-08-01'), quantities: { seats: '5' } }] },
    ],
    [
      'beside others of the same date',
      held,
      quantity('2026-07-01', 5n),
      { changes: [may, { ...july, quantities: { rooms: '3', seats: '5' } }] },
    ],
    ['are so already', held, quantity('2026-05-01', 2n), 'so already'],
    ['that have changed stay', held, quantity('2026-05-01', 3n), 'taken_effect'],
    [
      'to begin with, while that is to come',
      { from: '2026-07-01', quantities: { seats: 1 } },
      quantity('2026-07-01', 2n),
      { quantities: { seats: '2' } },
    ],
  ])('%s', (_what, before, command, expected) => {
    expect(after(before, command)).toEqual(typeof expected === 'string' ? expected : expect.objectContaining(expected))
  })
})

describe('pauses', () => {
  const pause = (from: string, to: string | null = null, reason: string | null = null): SubscriptionCommand => ({
    kind: 'pause',
    atMs: day(from),
    toMs: to === null ? null : day(to),
    reason,
  })
  const resume = (at: string): SubscriptionCommand => ({ kind: 'resume', atMs: day(at) })
  const span = (from: string, to?: string): Json => ({
    from: date(from),
    ...(to === undefined ? {} : { to: date(to) }),
  })
  const paused = (...spans: readonly (readonly [string, string?])[]): Json => ({
    pauses: spans.map(([from, to]) => ({ from, ...(to === undefined ? {} : { to }) })),
  })
  test.each<readonly [what: string, before: Json, command: SubscriptionCommand, pauses: unknown]>([
    ['begin', {}, pause('2026-07-01'), [span('2026-07-01')]],
    [
      'have an end and a reason',
      {},
      pause('2026-07-01', '2026-08-01', 'ice'),
      [{ ...span('2026-07-01', '2026-08-01'), reason: 'ice' }],
    ],
    [
      'to come are corrected',
      paused(['2026-07-01']),
      pause('2026-07-01', '2026-08-01'),
      [span('2026-07-01', '2026-08-01')],
    ],
    ['are so already', paused(['2026-06-01']), pause('2026-06-01'), 'so already'],
    ['that have begun stay', paused(['2026-06-01']), pause('2026-06-01', '2026-08-01'), 'taken_effect'],
    ['end', paused(['2026-06-01']), resume('2026-06-20'), [span('2026-06-01', '2026-06-20')]],
    [
      'end later than was said',
      paused(['2026-06-01', '2026-06-16']),
      resume('2026-06-20'),
      [span('2026-06-01', '2026-06-20')],
    ],
    ['end as was said', paused(['2026-06-01', '2026-06-20']), resume('2026-06-20'), 'so already'],
    ['that are over do not end again', paused(['2026-06-01', '2026-06-10']), resume('2026-06-20'), 'not_paused'],
    ['do not end before they begin', paused(['2026-07-01']), resume('2026-07-01'), 'not_paused'],
  ])('%s', (_what, before, command, pauses) => {
    expect(after(before, command)).toEqual(typeof pauses === 'string' ? pauses : expect.objectContaining({ pauses }))
  })
})

describe('an end, and taking back', () => {
  const full = {
    quantities: { seats: 1 },
    changes: [{ at: '2026-09-01', quantities: { seats: 2 } }],
    migrations: [
      { at: '2026-09-01', offering: 'large', version: 'first' },
      { at: '2026-10-01', version: '2026-09-01' },
    ],
    pauses: [{ from: '2026-09-01', to: '2026-10-01' }],
    to: '2026-12-01',
  }
  const cancel = (at: string): SubscriptionCommand => ({ kind: 'cancel', atMs: day(at) })
  const undo = (
    at: string,
    what: Extract<SubscriptionCommand, { kind: 'undo' }>['what'] = null,
  ): SubscriptionCommand => ({ kind: 'undo', atMs: day(at), what })
  test('ends a subscription and drops what was to come later', () => {
    expect(after(full, cancel('2026-09-15'))).toEqual({
      to: date('2026-09-15'),
      changes: [{ at: date('2026-09-01'), quantities: { seats: '2' } }],
      migrations: [{ at: date('2026-09-01'), offering: 'large', version: 'first' }],
      pauses: [{ from: date('2026-09-01'), to: date('2026-10-01') }],
      quantities: { seats: '1' },
    })
    expect(after(full, cancel('2026-12-01'))).toBe('so already')
    expect(after({ to: '2026-06-01' }, cancel('2026-07-01'))).toBe('taken_effect')
  })

  test.each<readonly [command: SubscriptionCommand, expected: unknown]>([
    [undo('2026-12-01'), { to: undefined }],
    [undo('2026-09-01', 'quantity'), { changes: undefined }],
    [
      undo('2026-09-01', 'change'),
      { migrations: [{ at: date('2026-10-01'), offering: 'large', version: date('2026-09-01') }] },
    ],
    [undo('2026-09-01', 'pause'), { pauses: undefined }],
    [undo('2026-10-01', 'resume'), { pauses: [{ from: date('2026-09-01') }] }],
    [undo('2026-09-01'), 'undo_ambiguous'],
    [undo('2026-09-01', 'cancel'), 'nothing_to_undo'],
    [undo('2026-09-02'), 'nothing_to_undo'],
  ])('%j', (command, expected) => {
    expect(after(full, command)).toEqual(typeof expected === 'string' ? expected : expect.objectContaining(expected))
  })

  test('takes back nothing that has happened', () => {
    expect(after({ to: '2026-06-15' }, undo('2026-06-15'))).toBe('taken_effect')
    expect(after({ to: '2026-06-16' }, undo('2026-06-16'))).toMatchObject({ to: undefined })
  })

  test('says in words what is done', () => {
    expect(commandWords(undo('2026-09-01'))).toBe('undo at 2026-09-01T00:00:00.000Z')
    expect(commandWords({ kind: 'change', atMs: 0, offering: 'large', version: 'first' })).toBe(
      'change at 1970-01-01T00:00:00.000Z to large version first',
    )
    expect(commandWords({ kind: 'quantity', atMs: 0, quantities: new Map([['seats', 2n]]) })).toBe(
      'quantity at 1970-01-01T00:00:00.000Z seats=2',
    )
  })
})
