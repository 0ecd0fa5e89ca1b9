import { describe, expect, it } from 'vitest'
import { textFits, usageEventFault, type UsageEvent } from './usage-event.ts'

const event: UsageEvent = {
  id: 'event-1',
  source: 'trk-0001',
  subject: 'trk-0001',
  timeMs: 1_790_000_000_000,
  labels: [['zone', 'eu']],
  facts: [['total', 5n]],
  measured: [{ meter: 'data.bytes', quantity: 120n }],
}
const pairs = <Value>(count: number, value: Value): [string, Value][] =>
  Array.from({ length: count }, (_, index) => [`key-${String(index).padStart(2, '0')}`, value])

describe('a storable text', () => {
  it.each([
    { what: 'plain', text: 'abc', maxBytes: 3, fits: true },
    { what: 'one byte too long', text: 'abcd', maxBytes: 3, fits: false },
    { what: 'empty', text: '', maxBytes: 3, fits: false },
    { what: 'of two-byte characters that fit', text: '\u00fc\u00fc', maxBytes: 4, fits: true },
    { what: 'of two-byte characters that do not', text: '\u00fc\u00fc', maxBytes: 3, fits: false },
    { what: 'of a pair of surrogates that fits', text: '\u{1f600}', maxBytes: 4, fits: true },
    { what: 'of a lone surrogate', text: '\ud83d', maxBytes: 4, fits: false },
  ])('$what: $fits', ({ text, maxBytes, fits }) => {
    expect(textFits(text, maxBytes)).toBe(fits)
  })
})

describe('an event within its caps', () => {
  it.each([
    { what: 'as usual', change: {} },
    { what: 'without an id', change: { id: null } },
    { what: 'with the longest id', change: { id: 'i'.repeat(128) } },
    { what: 'with an empty label value', change: { labels: [['zone', '']] } },
    { what: 'with all labels and facts there can be', change: { labels: pairs(16, 'v'), facts: pairs(8, 0n) } },
    { what: 'with the largest quantity', change: { measured: [{ meter: 'm', quantity: 2n ** 63n - 1n }] } },
    { what: 'from the first to the last millisecond', change: { timeMs: 0 } },
    { what: 'of the year 9999', change: { timeMs: 253_402_300_799_999 } },
  ] as const)('$what is accepted', ({ change }) => {
    expect(usageEventFault({ ...event, ...change })).toBeNull()
  })

  it.each([
    { what: 'an empty id', change: { id: '' }, message: /its id/ },
    { what: 'an id too long', change: { id: 'i'.repeat(129) }, message: /its id/ },
    { what: 'a source with a lone surrogate', change: { source: '\ud800' }, message: /its source/ },
    { what: 'an empty subject', change: { subject: '' }, message: /its subject/ },
    { what: 'a time before 1970', change: { timeMs: -1 }, message: /its time/ },
    { what: 'a time after 9999', change: { timeMs: 253_402_300_800_000 }, message: /its time/ },
    { what: 'half a millisecond', change: { timeMs: 0.5 }, message: /its time/ },
    { what: 'too many labels', change: { labels: pairs(17, 'v') }, message: /more than 16 labels/ },
    { what: 'a label key too long', change: { labels: [['k'.repeat(65), 'v']] }, message: /label key/ },
    { what: 'a label value too long', change: { labels: [['k', 'v'.repeat(129)]] }, message: /label k is/ },
    { what: 'labels out of order', change: { labels: pairs(3, 'v').reverse() }, message: /not sorted/ },
    { what: 'a label twice', change: { labels: [...pairs(1, 'v'), ...pairs(1, 'w')] }, message: /twice/ },
    { what: 'too many facts', change: { facts: pairs(9, 1n) }, message: /more than 8 facts/ },
    { what: 'a negative fact', change: { facts: pairs(1, -1n) }, message: /negative or too large/ },
    { what: 'a fact twice', change: { facts: [...pairs(1, 1n), ...pairs(1, 2n)] }, message: /twice/ },
    { what: 'nothing measured', change: { measured: [] }, message: /measures nothing/ },
    {
      what: 'too many quantities',
      change: { measured: pairs(17, 1n).map(([meter, quantity]) => ({ meter, quantity })) },
      message: /more than 16/,
    },
    {
      what: 'a meter twice',
      change: { measured: ['m', 'n', 'm'].map((meter) => ({ meter, quantity: 1n })) },
      message: /meter m is there twice/,
    },
    { what: 'a negative quantity', change: { measured: [{ meter: 'm', quantity: -1n }] }, message: /quantity of m/ },
    {
      what: 'a quantity of 64 bits',
      change: { measured: [{ meter: 'm', quantity: 2n ** 63n }] },
      message: /too large/,
    },
    { what: 'an empty meter', change: { measured: [{ meter: '', quantity: 1n }] }, message: /meter id/ },
  ] as const)('with $what is refused', ({ change, message }) => {
    expect(usageEventFault({ ...event, ...change })).toMatchObject({
      code: 'event_over_limits',
      message: expect.stringMatching(message) as unknown,
    })
  })
})
