import { describe, expect, test } from 'vitest'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { counting, mapped, oneEvent, receivedWallMs, refusal } from './testing/sample-rules.ts'

const meters: RuleDefinition['meters'] = [{ meter: 'm', quantity: 1 }]

describe('where values come from', () => {
  const payload = { who: 'sub-1', deep: { list: [{ port: 5 }] }, flag: true, empty: '', none: null, price: 0.25 }
  test.each<[string | readonly string[], string | undefined]>([
    ['/who', 'sub-1'],
    ['/deep/list/0/port', '5'],
    ['$/deep/list/0/port', '5'],
    ['/flag', 'true'],
    ['/price', '0.25'],
    ['/empty', undefined],
    ['/none', undefined],
    ['/absent', undefined],
    ['device', 'dev-1'],
    ['topic', 'site/7/rx'],
    ['topic/0', 'site'],
    ['topic/1', '7'],
    ['topic/-1', 'rx'],
    ['topic/3', undefined],
    ['topic/-4', undefined],
    ['key', '0'],
    ['= a text', 'a text'],
    [['/absent', '/empty', '/who', '/flag'], 'sub-1'],
    [['/absent', '= else'], 'else'],
  ])('%j gives %j', (source, expected) => {
    const rule = { atLeastOnce: true, meters, dimensions: { found: source } }
    const { labels } = oneEvent(rule, payload, { topic: 'site/7/rx' })
    expect(labels).toEqual(expected === undefined ? [] : [['found', expected]])
  })

  test('without a topic its levels are not there', () => {
    const rule = { atLeastOnce: true, meters, dimensions: { a: 'topic', b: 'topic/0' } }
    expect(oneEvent(rule, {}).labels).toEqual([])
  })

  test('the record itself, where it is a bare value', () => {
    const rule = { atLeastOnce: true, meters: [{ meter: 'm', quantity: 'record' }] }
    expect(mapped(rule, [3, 4]).events.map(({ measured }) => measured[0]?.quantity)).toEqual([3n, 4n])
  })
})

describe('the id', () => {
  test.each<[readonly string[], unknown, string]>([
    [['/a'], { a: 'x/y~z' }, 'x/y~z'],
    [['/a'], { a: 7 }, '7'],
    [['/a', '/b'], { a: 'x', b: 'y' }, 'x/y'],
    [['/a', '/b'], { a: 'x/y', b: '~' }, 'x~1y/~0'],
    [['/a', '= c', '/b'], { a: 1, b: 2 }, '1/c/2'],
  ])('from %j of %j', (id, payload, expected) => {
    expect(oneEvent({ id, meters }, payload).id).toBe(expected)
  })

  test('one above the limit becomes its digest, each another one', () => {
    const ids = ['x', 'y'].map((end) => oneEvent({ id: '/a', meters }, { a: 'a'.repeat(128) + end }).id)
    expect(ids[0]).toMatch(/^~sha256:[0-9a-f]{64}$/)
    expect(ids[0]).not.toBe(ids[1])
    expect(oneEvent({ id: '/a', meters }, { a: 'a'.repeat(128) }).id).toBe('a'.repeat(128))
  })

  test('a text that looks like a digest does not pass for one', () => {
    const digest = oneEvent({ id: '/a', meters }, { a: 'a'.repeat(200) }).id
    expect(oneEvent({ id: '/a', meters }, { a: digest }).id).not.toBe(digest)
  })

  test.each([
    [{ a: null, b: 1 }, 'id_missing'],
    [{ b: 1 }, 'id_missing'],
    [{ a: '', b: 1 }, 'id_missing'],
    [{ a: [1], b: 1 }, 'value_not_text'],
    [{ a: {}, b: 1 }, 'value_not_text'],
    ['{"a": 12345678901234567890, "b": 1}', 'value_not_text'],
    ['{"a": 0.12345678901234567, "b": 1}', 'value_not_text'],
    [{ a: 'x\n', b: 1 }, 'event_id_invalid'],
  ])('%j is refused with %s', (payload, code) => {
    expect(refusal({ id: ['/a', '/b'], meters }, payload)).toBe(code)
  })
})

describe('subject, source, sequence and reset', () => {
  test('are the device, when the rule says nothing', () => {
    expect(oneEvent(counting, { n: 2 })).toEqual({
      id: null,
      source: 'dev-1',
      subject: 'dev-1',
      timeMs: receivedWallMs,
      labels: [],
      facts: [],
      measured: [{ meter: 'm', quantity: 2n }],
    })
  })

  test('a source is a part of the device', () => {
    const rule = { ...counting, source: '/s' }
    expect(oneEvent(rule, { n: 1, s: 'meter-2' }).source).toBe('dev-1/meter-2')
    expect(oneEvent(rule, { n: 1, s: 'dev-1' }).source).toBe('dev-1')
    expect(refusal(rule, { n: 1 })).toBe('source_missing')
    expect(refusal(rule, { n: 1, s: 's'.repeat(123) })).toBe('source_invalid')
  })

  test('a subject that is stated has to be there', () => {
    const rule = { ...counting, subject: '/who' }
    expect(oneEvent(rule, { n: 1, who: 49170 }).subject).toBe('49170')
    expect(refusal(rule, { n: 1 })).toBe('subject_missing')
    expect(refusal(rule, { n: 1, who: { id: 1 } })).toBe('value_not_text')
    expect(refusal(rule, { n: 1, who: 's'.repeat(129) })).toBe('subject_invalid')
  })

  test('a sequence becomes a fact, a reset id a label; neither has to be there', () => {
    const rule = { ...counting, sequence: '/seq', reset: '/boot', dimensions: { '5G': '/g', z: '/z' } }
    const event = oneEvent(rule, { n: 1, seq: 9, boot: 'b-1', g: 1, z: 2 })
    expect(event.facts).toEqual([['@sequence', 9n]])
    expect(event.labels).toEqual([
      ['5G', '1'],
      ['@reset', 'b-1'],
      ['z', '2'],
    ])
    expect(oneEvent(rule, { n: 1 })).toMatchObject({ facts: [], labels: [] })
    expect(refusal(rule, { n: 1, seq: 1.5 })).toBe('sequence_invalid')
    expect(refusal(rule, { n: 1, seq: -1 })).toBe('sequence_invalid')
    expect(refusal(rule, { n: 1, boot: 'b'.repeat(129) })).toBe('reset_invalid')
  })

  test('a dimension that cannot be kept is refused', () => {
    const rule = { ...counting, dimensions: { d: '/d' } }
    expect(refusal(rule, { n: 1, d: 'd'.repeat(129) })).toBe('dimension_invalid')
    expect(refusal(rule, { n: 1, d: 'a\u0007' })).toBe('dimension_invalid')
    expect(refusal(rule, { n: 1, d: [1] })).toBe('value_not_text')
  })
})

describe('the time', () => {
  test.each<[RuleDefinition['timeUnit'], unknown, number | string]>([
    [undefined, '2026-11-05T10:00:00Z', 1_793_872_800_000],
    [undefined, 1_793_872_800_000, 1_793_872_800_000],
    [undefined, '1793872800000', 'time_invalid'],
    ['rfc3339', '2026-11-05T11:00:00.1239+01:00', 1_793_872_800_123],
    ['rfc3339', 1_793_872_800_000, 'time_invalid'],
    ['rfc3339', '2026-11-05 10:00:00', 'time_invalid'],
    ['s', 1_793_872_800, 1_793_872_800_000],
    ['s', 1_793_872_800.1239, 1_793_872_800_123],
    ['s', '1793872800.5', 1_793_872_800_500],
    ['ms', 1_793_872_800_000, 1_793_872_800_000],
    ['ms', '1793872800000.9', 1_793_872_800_000],
    ['us', 1_793_872_800_000_999, 1_793_872_800_000],
    ['ns', '1793872800000999999', 1_793_872_800_000],
    ['ns', 1_793_872_800_500_000_000, 1_793_872_800_500],
    ['s', -1, 'time_invalid'],
    ['s', 1e300, 'time_invalid'],
    ['ms', 253_402_300_800_000, 'time_invalid'],
    ['ms', 'soon', 'time_invalid'],
    ['ms', true, 'time_invalid'],
    ['ms', null, 'time_missing'],
  ])('in %s of %j is %j', (timeUnit, t, expected) => {
    const rule = { ...counting, time: '/t', ...(timeUnit === undefined ? {} : { timeUnit }) }
    if (typeof expected === 'string') expect(refusal(rule, { n: 1, t })).toBe(expected)
    else expect(oneEvent(rule, { n: 1, t }).timeMs).toBe(expected)
  })

  test('may fall back to the time of arrival, whatever its unit', () => {
    const rule = { ...counting, time: ['/t', 'received'], timeUnit: 's' } as const
    expect(oneEvent(rule, { n: 1 }).timeMs).toBe(receivedWallMs)
    expect(oneEvent(rule, { n: 1, t: 60 }).timeMs).toBe(60_000)
  })
})

describe('filters', () => {
  const drops = (filter: object, payload: unknown): boolean => {
    const { events, rejected } = mapped({ ...counting, when: [{ at: '/a', ...filter }] }, payload)
    expect(rejected).toEqual([])
    return events.length === 0
  }
  test.each<[object, unknown, boolean]>([
    [{ is: 'up' }, 'up', true],
    [{ is: 'up' }, 'down', false],
    [{ is: 5 }, 5, true],
    [{ is: 5 }, '5', true],
    [{ is: true }, true, true],
    [{ is: 'up' }, null, false],
    [{ isNot: 'up' }, 'down', true],
    [{ isNot: 'up' }, null, true],
    [{ isNot: 'up' }, 'up', false],
    [{ in: ['a', 2] }, 2, true],
    [{ in: ['a', 2] }, 'b', false],
    [{ exists: true }, 0, true],
    [{ exists: true }, null, false],
    [{ exists: false }, null, true],
    [{ exists: false }, [], false],
    [{ atLeast: 10 }, 10, true],
    [{ atLeast: 10 }, 9.99, false],
    [{ atLeast: '10.5' }, '10.50', true],
    [{ atLeast: -3 }, -3, true],
    [{ atLeast: -3 }, -4, false],
    [{ atMost: 10 }, 10, true],
    [{ atMost: 10 }, 11, false],
    [{ atMost: 10 }, null, false],
  ])('%j lets %j through: %s', (filter, a, passes) => {
    expect(drops(filter, { n: 1, a })).toBe(!passes)
  })

  test('a comparison with a number refuses what is none', () => {
    expect(refusal({ ...counting, when: [{ at: '/a', atLeast: 1 }] }, { n: 1, a: 'many' })).toBe('filter_not_number')
  })

  test('all of them have to hold', () => {
    const rule = {
      ...counting,
      when: [
        { at: '/a', is: 1 },
        { at: '/b', is: 2 },
      ],
    }
    expect(mapped(rule, { n: 1, a: 1, b: 2 }).events).toHaveLength(1)
    expect(mapped(rule, { n: 1, a: 1, b: 3 }).events).toHaveLength(0)
  })
})

describe('meters', () => {
  test('each has its own conditions, and without any the record counts nothing', () => {
    const rule: Partial<RuleDefinition> = {
      atLeastOnce: true,
      meters: [
        { meter: 'in', quantity: '/n', when: [{ at: '/way', is: 'in' }] },
        { meter: 'out', quantity: '/n', when: [{ at: '/way', is: 'out' }] },
      ],
    }
    expect(
      mapped(rule, [
        { way: 'in', n: 1 },
        { way: 'up', n: 2 },
        { way: 'out', n: 3 },
      ]),
    ).toMatchObject({
      events: [{ measured: [{ meter: 'in', quantity: 1n }] }, { measured: [{ meter: 'out', quantity: 3n }] }],
      rejected: [],
      positions: [0, 2],
    })
  })

  test('the payload may name them', () => {
    const rule = { atLeastOnce: true, meters: [{ meterFrom: '/k', quantity: '/n' }] }
    expect(oneEvent(rule, { k: 'energy', n: 5 }).measured).toEqual([{ meter: 'energy', quantity: 5n }])
    expect(refusal(rule, { n: 5 })).toBe('meter_missing')
    expect(refusal(rule, { k: 7, n: 5 })).toBe('meter_missing')
    expect(refusal(rule, { k: 'constructor', n: 5 })).toBe('meter_invalid')
    expect(refusal(rule, { k: 'x'.repeat(65), n: 5 })).toBe('meter_invalid')
  })

  test('names of the payload are translated, and unknown ones refused', () => {
    const rule = { atLeastOnce: true, meters: [{ meterFrom: '/k', names: { kwh: 'energy' }, quantity: '/n' }] }
    expect(oneEvent(rule, { k: 'kwh', n: 5 }).measured).toEqual([{ meter: 'energy', quantity: 5n }])
    expect(refusal(rule, { k: 'toString', n: 5 })).toBe('meter_unknown')
  })

  test('one cannot count twice', () => {
    const rule: Partial<RuleDefinition> = {
      atLeastOnce: true,
      meters: [
        { meter: 'm', quantity: 1, when: [{ at: '/a', exists: true }] },
        { meter: 'm', quantity: 2, when: [{ at: '/b', exists: true }] },
      ],
    }
    expect(oneEvent(rule, { b: 1 }).measured).toEqual([{ meter: 'm', quantity: 2n }])
    expect(refusal(rule, { a: 1, b: 1 })).toBe('meter_duplicate')
  })
})

describe('the records of a payload', () => {
  test('are the payload itself, or the elements of an array', () => {
    expect(mapped(counting, { n: 1 }).events).toHaveLength(1)
    expect(mapped(counting, [{ n: 1 }, { n: 'x' }, { n: 3 }])).toMatchObject({
      events: [{ measured: [{ quantity: 1n }] }, { measured: [{ quantity: 3n }] }],
      rejected: [{ index: 1, code: 'quantity_not_number' }],
      positions: [0, 2],
    })
  })

  test('are below a pointer, in an array or by name', () => {
    const rule = {
      id: ['$/site', 'key'],
      records: '/a/list',
      meters: [{ meter: 'm', quantity: '/n' }],
      subject: '$/site',
    }
    expect(mapped(rule, { site: 's', a: { list: [{ n: 1 }, { n: 2 }] } }).events).toMatchObject([
      { id: 's/0', subject: 's', measured: [{ quantity: 1n }] },
      { id: 's/1', subject: 's', measured: [{ quantity: 2n }] },
    ])
    expect(mapped(rule, { site: 's', a: { list: { x: { n: 1 }, y: { n: 2 } } } }).events).toMatchObject([
      { id: 's/x' },
      { id: 's/y' },
    ])
    expect(refusal(rule, { site: 's' })).toBe('records_missing')
    expect(refusal(rule, { site: 's', a: { list: 5 } })).toBe('records_missing')
  })

  test('are lines of NDJSON, each for itself', () => {
    const rule: Partial<RuleDefinition> = { ...counting, format: 'ndjson' }
    const { events, rejected, positions } = mapped(rule, '{"n":1}\r\n\n\t\r\n{"n":\n {"n":3} \n{"n":4,"n":5}')
    expect(events.map(({ measured }) => measured[0]?.quantity)).toEqual([1n, 3n])
    expect(rejected.map(({ index, code }) => [index, code])).toEqual([
      [1, 'payload_not_json'],
      [3, 'key_duplicate'],
    ])
    expect(positions).toEqual([0, 2])
    expect(refusal(rule, '\n \n')).toBe('payload_empty')
    expect(refusal(rule, '{}\n'.repeat(1001))).toBe('records_too_many')
  })

  test('of which one has a member twice spoil no other; below a pointer they spoil the payload', () => {
    const twice = mapped(counting, '[{"n":1},{"n":1,"n":2}]')
    expect(twice.events).toHaveLength(1)
    expect(twice.rejected).toMatchObject([{ index: 1, code: 'key_duplicate' }])
    const below = { ...counting, records: '/r' }
    expect(refusal(below, '{"r":[{"n":1},{"n":1,"n":2}]}')).toBe('key_duplicate')
  })

  test('keep the whole payload as evidence, because the rule needs it to read them again', () => {
    const payload = '{"unit": "x", "r": [{"n": 1}, {"n": -1}, {}]}'
    const { rejected } = mapped({ ...counting, records: '/r' }, payload)
    expect(rejected.map(({ fragment }) => Buffer.from(fragment).toString())).toEqual([payload, payload])
  })

  test('come as CBOR as well', () => {
    // {"n": 24, "t": h'0102'} by RFC 8949
    const payload = Buffer.from('a2616e181861744201 02'.replaceAll(' ', ''), 'hex')
    const rule = { ...counting, dimensions: { t: '/t' } }
    expect(oneEvent(rule, payload)).toMatchObject({ measured: [{ quantity: 24n }], labels: [['t', '0102']] })
  })

  test.each([
    ['', 'payload_empty'],
    ['{', 'payload_not_json'],
    ['x'.repeat(usageEventLimits.payloadBytes + 1), 'payload_too_large'],
  ])('a payload %# that cannot be read is refused as a whole', (payload, code) => {
    expect(refusal(counting, payload)).toBe(code)
  })
})

describe('CloudEvents', () => {
  const rule: Partial<RuleDefinition> = { eventTypes: ['com.x.call'], meters: [{ meter: 'm', quantity: '/n' }] }
  const envelope = { specversion: '1.0', id: 'e-1', source: '/pbx', type: 'com.x.call', data: { n: 3 } }

  test('say themselves who and when, and the rule reads their data', () => {
    const event = { ...envelope, subject: 'sub-1', time: '2026-11-05T10:00:00Z' }
    expect(oneEvent(rule, event)).toMatchObject({
      id: 'e-1',
      source: 'dev-1//pbx',
      subject: 'sub-1',
      timeMs: 1_793_872_800_000,
      measured: [{ quantity: 3n }],
    })
    expect(oneEvent(rule, envelope)).toMatchObject({ subject: 'dev-1', timeMs: receivedWallMs })
  })

  test('may be overruled', () => {
    const own = { ...rule, subject: '/caller', id: ['$/id', '/leg'] }
    const event = { ...envelope, data: { n: 3, caller: 'c', leg: 2 } }
    expect(oneEvent(own, event)).toMatchObject({ id: 'e-1/2', subject: 'c' })
  })

  test('are checked like any other', () => {
    expect(refusal(rule, { n: 3 })).toBe('cloudevent_invalid')
    expect(refusal(rule, { ...envelope, specversion: '2' })).toBe('cloudevent_invalid')
    expect(refusal(rule, { ...envelope, data: 'x' })).toBe('cloudevent_data_unsupported')
  })
})
