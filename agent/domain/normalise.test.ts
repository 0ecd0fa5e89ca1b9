import { describe, expect, test } from 'vitest'
import { normalise, type NormaliseCode } from './normalise.ts'

const received = 1_790_000_000_000
const text = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const usage = (value: unknown) => normalise('usage', 'trk-1', text(value), received)
const ai = (value: unknown) => normalise('ai', 'llm-1', text(value), received)
const codesOf = (result: { rejected: readonly { code: string }[] }) => result.rejected.map((each) => each.code)

describe('a plain usage event', () => {
  test('with every member stated', () => {
    const event = {
      id: 'e-1',
      source: 'port-2',
      subject: 'sim-7',
      time: '2026-11-05T11:00:00.123456+01:00',
      meter: 'data.bytes',
      quantity: 1200,
      dimensions: { region: 'eu', apn: 'iot.acme', roaming: false, cell: 17 },
    }
    expect(usage(event)).toEqual({
      events: [
        {
          id: 'e-1',
          source: 'trk-1/port-2',
          subject: 'sim-7',
          timeMs: Date.UTC(2026, 10, 5, 10, 0, 0, 123),
          labels: [
            ['apn', 'iot.acme'],
            ['cell', '17'],
            ['region', 'eu'],
            ['roaming', 'false'],
          ],
          facts: [],
          measured: [{ meter: 'data.bytes', quantity: 1200n }],
        },
      ],
      rejected: [],
    })
  })

  test('with as little as possible: no id means at least once, time is that of arrival, subject and source the device', () => {
    expect(usage({ meter: 'messages', quantity: 0 }).events).toEqual([
      {
        id: null,
        source: 'trk-1',
        subject: 'trk-1',
        timeMs: received,
        labels: [],
        facts: [],
        measured: [{ meter: 'messages', quantity: 0n }],
      },
    ])
  })

  test('with a map of meters keeps their order', () => {
    const [event] = usage({ id: '1', usage: { messages: 1, 'data.bytes': '9223372036854775807' } }).events
    expect(event?.measured).toEqual([
      { meter: 'messages', quantity: 1n },
      { meter: 'data.bytes', quantity: 9_223_372_036_854_775_807n },
    ])
  })

  test('members that are null count as left out', () => {
    const event = {
      id: null,
      source: null,
      subject: null,
      time: null,
      usage: null,
      dimensions: null,
      meter: 'm',
      quantity: 1,
    }
    expect(usage(event).events).toHaveLength(1)
  })

  test('a source belongs to the device that is heard, also when another one names the same', () => {
    const payload = text({ source: 'port-2', meter: 'm', quantity: 1 })
    const sources = ['trk-1', 'trk-2', 'trk-1'].map((device) => normalise('usage', device, payload, received).events[0])
    expect(sources.map((event) => event?.source)).toEqual(['trk-1/port-2', 'trk-2/port-2', 'trk-1/port-2'])
  })

  test('a source that names the device itself adds nothing', () => {
    expect(usage({ source: 'trk-1', meter: 'm', quantity: 1 }).events[0]?.source).toBe('trk-1')
  })
})

describe('CloudEvents 1.0, structured', () => {
  const envelope = { specversion: '1.0', id: 'ce-1', source: 'trk-1', type: 'tracker.position', time: received }

  test('data holds what a plain event holds', () => {
    expect(
      usage({ ...envelope, subject: 'sim-7', data: { usage: { 'data.bytes': 5 }, dimensions: { a: 'b' } } }).events,
    ).toEqual([
      {
        id: 'ce-1',
        source: 'trk-1',
        subject: 'sim-7',
        timeMs: received,
        labels: [['a', 'b']],
        facts: [],
        measured: [{ meter: 'data.bytes', quantity: 5n }],
      },
    ])
  })

  test("works for AI calls too; the id is the envelope's", () => {
    const [event] = ai({
      ...envelope,
      datacontenttype: 'application/json; charset=utf-8',
      data: { 'gen_ai.response.id': 'x', 'gen_ai.usage.input_tokens': 3 },
    }).events
    expect(event).toMatchObject({
      id: 'ce-1',
      source: 'llm-1/trk-1',
      measured: [{ meter: 'ai.input_tokens', quantity: 3n }],
    })
  })

  const broken: readonly [string, object, NormaliseCode][] = [
    ['another version', { specversion: '0.3' }, 'cloudevent_invalid'],
    ['no id', { id: undefined }, 'cloudevent_invalid'],
    ['an empty source', { source: '' }, 'cloudevent_invalid'],
    ['no type', { type: undefined }, 'cloudevent_invalid'],
    ['data of another type', { datacontenttype: 'text/xml' }, 'cloudevent_data_unsupported'],
    ['base64 data', { data_base64: 'AA==' }, 'cloudevent_data_unsupported'],
    ['no data', { data: undefined }, 'cloudevent_data_unsupported'],
    ['a bad time', { time: 'yesterday' }, 'time_invalid'],
  ]
  test.each(broken)('%s is refused', (_name, change, code) => {
    expect(codesOf(usage({ ...envelope, data: { meter: 'm', quantity: 1 }, ...change }))).toEqual([code])
  })
})

describe('an AI call', () => {
  const call = {
    'gen_ai.response.id': 'chatcmpl-1',
    'gen_ai.response.model': 'bright-large-2',
    'gen_ai.request.model': 'bright-large',
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'acme',
    'gen_ai.usage.input_tokens': 1000,
    'gen_ai.usage.cache_read.input_tokens': 300,
    'gen_ai.usage.cache_creation.input_tokens': 100,
    'gen_ai.usage.output_tokens': 50,
    'gen_ai.usage.reasoning.output_tokens': 20,
    'gen_ai.request.temperature': 0.7,
    'gen_ai.response.finish_reasons': ['stop'],
  }
  const classes = [
    { meter: 'ai.input_tokens', quantity: 600n },
    { meter: 'ai.cached_input_tokens', quantity: 300n },
    { meter: 'ai.cache_creation_tokens', quantity: 100n },
    { meter: 'ai.output_tokens', quantity: 30n },
    { meter: 'ai.reasoning_tokens', quantity: 20n },
  ]

  test('is split into disjoint token classes; unknown attributes are left alone', () => {
    expect(ai(call).events).toEqual([
      {
        id: 'chatcmpl-1',
        source: 'llm-1',
        subject: 'llm-1',
        timeMs: received,
        labels: [
          ['model', 'bright-large-2'],
          ['operation', 'chat'],
          ['provider', 'acme'],
        ],
        facts: [['ai.total_input_tokens', 1000n]],
        measured: classes,
      },
    ])
  })

  test('reads attributes that an exporter nested, and counts in texts', () => {
    const { 'gen_ai.response.id': id, ...attributes } = call
    const [event] = ai({
      id,
      subject: 'key-9',
      attributes: { ...attributes, 'gen_ai.usage.input_tokens': '1000' },
    }).events
    expect(event).toMatchObject({ id: 'chatcmpl-1', subject: 'key-9', measured: classes })
  })

  test('keeps dimensions beside what it takes from the attributes', () => {
    expect(ai({ ...call, dimensions: { project: 'p1', account: 'a' } }).events[0]?.labels.map(([key]) => key)).toEqual([
      'account',
      'model',
      'operation',
      'project',
      'provider',
    ])
    expect(codesOf(ai({ ...call, dimensions: { model: 'other' } }))).toEqual(['dimension_invalid'])
  })

  test('keeps usage attributes it does not know, wherever they stand', () => {
    const unknown = { 'gen_ai.usage.image.input_tokens': 7, 'gen_ai.usage.tier': 'fast', 'gen_ai.user.name': 'x' }
    const kept = [
      ['+gen_ai.usage.image.input_tokens', '7'],
      ['+gen_ai.usage.tier', 'fast'],
    ]
    expect(ai({ ...call, ...unknown }).events[0]?.labels.slice(0, 3)).toEqual([...kept, ['model', 'bright-large-2']])
    expect(ai({ attributes: { ...call, ...unknown } }).events[0]?.labels.slice(0, 2)).toEqual(kept)
    expect(ai({ ...call, attributes: unknown }).events[0]?.labels.slice(0, 2)).toEqual(kept)
  })

  const shapes: readonly [string, object, unknown][] = [
    ['zero is stated, not absent', { 'gen_ai.usage.input_tokens': 0, 'gen_ai.usage.output_tokens': 0 }, [0n, 0n]],
    ['input alone, as an embedding', { 'gen_ai.usage.input_tokens': 7 }, [7n]],
    ['output alone', { 'gen_ai.usage.output_tokens': 7 }, [7n]],
    [
      'special classes of zero are not stated',
      { 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.cache_read.input_tokens': 0 },
      [7n],
    ],
    ['the older names', { 'gen_ai.usage.prompt_tokens': 7, 'gen_ai.usage.completion_tokens': 8 }, [7n, 8n]],
    [
      'everything from the cache',
      { 'gen_ai.usage.input_tokens': 7, 'gen_ai.usage.cache_read.input_tokens': 7 },
      [0n, 7n],
    ],
  ]
  test.each(shapes)('%s', (_name, attributes, quantities) => {
    expect(ai(attributes).events[0]?.measured.map((each) => each.quantity)).toEqual(quantities)
  })

  const broken: readonly [string, object, NormaliseCode][] = [
    ['nothing used', { 'gen_ai.response.id': 'x' }, 'usage_missing'],
    ['plain usage on the AI topic', { meter: 'm', quantity: 1 }, 'usage_missing'],
    [
      'more cached than input',
      { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': 6 },
      'token_classes_inconsistent',
    ],
    [
      'cached without input',
      { 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': 6 },
      'token_classes_inconsistent',
    ],
    [
      'more reasoning than output',
      { 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.reasoning.output_tokens': 6 },
      'token_classes_inconsistent',
    ],
    ['a fraction of a token', { 'gen_ai.usage.input_tokens': 5.5 }, 'quantity_not_integer'],
    ['negative tokens', { 'gen_ai.usage.output_tokens': -5 }, 'quantity_negative'],
    ['an id that is a number', { 'gen_ai.response.id': 5, 'gen_ai.usage.input_tokens': 5 }, 'event_id_invalid'],
    ['a model that is a number', { 'gen_ai.response.model': 5, 'gen_ai.usage.input_tokens': 5 }, 'dimension_invalid'],
    ['attributes that are a list', { attributes: [] }, 'attributes_invalid'],
  ]
  test.each(broken)('%s is refused', (_name, attributes, code) => {
    expect(codesOf(ai(attributes))).toEqual([code])
  })
})

describe('what is refused', () => {
  const good = { id: 'e', meter: 'm', quantity: 1 }
  const events: readonly [string, unknown, NormaliseCode][] = [
    ['a number', 5, 'payload_not_object'],
    ['null', 'null', 'payload_not_object'],
    ['a text', '"x"', 'payload_not_object'],
    ['an id that is a number', { ...good, id: 5 }, 'event_id_invalid'],
    ['an empty id', { ...good, id: '' }, 'event_id_invalid'],
    ['an id over 128 bytes', { ...good, id: 'é'.repeat(65) }, 'event_id_invalid'],
    ['an id with a lone surrogate', String.raw`{"id":"\ud800","meter":"m","quantity":1}`, 'event_id_invalid'],
    ['an id with a control character', { ...good, id: 'a\u0000b' }, 'event_id_invalid'],
    ['a source that is too long with the device', { ...good, source: 'x'.repeat(123) }, 'source_invalid'],
    ['an empty source', { ...good, source: '' }, 'source_invalid'],
    ['a subject that is a list', { ...good, subject: ['x'] }, 'subject_invalid'],
    ['a time without a zone', { ...good, time: '2026-11-05T10:00:00' }, 'time_invalid'],
    ['a time in fractions', { ...good, time: 1.5 }, 'time_invalid'],
    ['a time before 1970', { ...good, time: -1 }, 'time_invalid'],
    ['nothing used', { id: 'e' }, 'usage_missing'],
    ['a quantity of nothing', { id: 'e', quantity: 1 }, 'meter_missing'],
    ['a meter without a quantity', { meter: 'm' }, 'quantity_missing'],
    ['a meter that is a number', { meter: 5, quantity: 1 }, 'meter_invalid'],
    ['a meter over 64 bytes', { meter: 'm'.repeat(65), quantity: 1 }, 'meter_invalid'],
    ['two forms at once', { ...good, usage: { m: 1 } }, 'usage_ambiguous'],
    ['an empty usage', { usage: {} }, 'usage_missing'],
    ['usage as a list', { usage: [{ meter: 'm', quantity: 1 }] }, 'usage_invalid'],
    [
      'more than 16 meters',
      { usage: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`m${i}`, 1])) },
      'usage_too_many_meters',
    ],
    ['a fraction', { meter: 'm', quantity: 1.5 }, 'quantity_not_integer'],
    ['a fraction in a text', { meter: 'm', quantity: '1.5' }, 'quantity_not_integer'],
    ['a negative quantity', { meter: 'm', quantity: -1 }, 'quantity_negative'],
    ['a negative quantity in a text', { meter: 'm', quantity: '-1' }, 'quantity_negative'],
    ['a number JSON cannot hold', '{"meter":"m","quantity":9007199254740993}', 'quantity_too_large'],
    ['a number beyond every number', '{"meter":"m","quantity":1e999}', 'quantity_not_integer'],
    ['a text beyond 2^63 - 1', { meter: 'm', quantity: '9223372036854775808' }, 'quantity_too_large'],
    ['a quantity of true', { meter: 'm', quantity: true }, 'quantity_not_integer'],
    ['a quantity in hexadecimal', { meter: 'm', quantity: '0x10' }, 'quantity_not_integer'],
    ['dimensions as a list', { ...good, dimensions: ['x'] }, 'dimension_invalid'],
    ['a dimension that is an object', { ...good, dimensions: { a: {} } }, 'dimension_invalid'],
    ['a dimension that is a fraction', { ...good, dimensions: { a: 1.5 } }, 'dimension_invalid'],
    ['a dimension without a name', { ...good, dimensions: { '': 'x' } }, 'dimension_invalid'],
    ['a dimension over 128 bytes', { ...good, dimensions: { a: 'x'.repeat(129) } }, 'dimension_invalid'],
    [
      'more than 16 dimensions',
      { ...good, dimensions: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`d${i}`, 'x'])) },
      'dimensions_too_many',
    ],
    ['a meter named like a prototype', '{"usage":{"__proto__":5}}', 'name_reserved'],
    ['a meter named constructor', { meter: 'constructor', quantity: 1 }, 'name_reserved'],
    [
      'a dimension named like a prototype',
      '{"meter":"m","quantity":1,"dimensions":{"__proto__":"x"}}',
      'name_reserved',
    ],
    ['a meter that is there twice', '{"usage":{"m":1,"m":2}}', 'key_duplicate'],
    ['a meter that is there twice, once escaped', String.raw`{"usage":{"m":1,"\u006d":2}}`, 'key_duplicate'],
    ['a quantity that is there twice', '{"meter":"m","quantity":1, "quantity" : 2}', 'key_duplicate'],
  ]
  test.each(events)('%s', (_name, event, code) => {
    const bytes = text(event)
    const result = normalise('usage', 'trk-1', bytes, received)
    expect(result.events).toEqual([])
    expect(result.rejected).toMatchObject([{ index: 0, code }])
    expect(Buffer.from(result.rejected[0]?.fragment ?? [])).toEqual(bytes)
  })

  test('a rejected event is named by its id where it has a usable one', () => {
    expect(usage({ id: 'e-7', meter: 'm', quantity: -1 }).rejected[0]?.eventId).toBe('e-7')
    expect(ai({ 'gen_ai.response.id': 'c-7' }).rejected[0]?.eventId).toBe('c-7')
    expect(usage({ id: 7, meter: 'm', quantity: -1 }).rejected[0]?.eventId).toBeNull()
  })
})

describe('a payload as a whole', () => {
  const payloads: readonly [string, Uint8Array, NormaliseCode][] = [
    ['nothing', text(''), 'payload_empty'],
    ['an empty array', text('[]'), 'payload_empty'],
    ['no JSON', text('{"id": "cut off'), 'payload_not_json'],
    ['two texts', text('{}{}'), 'payload_not_json'],
    ['NaN', text('{"meter":"m","quantity":NaN}'), 'payload_not_json'],
    ['broken UTF-8', Uint8Array.of(0x22, 0xc3, 0x28, 0x22), 'payload_not_utf8'],
    ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 'payload_not_json'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 'payload_not_json'],
    ['a nest', text('['.repeat(20_000) + ']'.repeat(20_000)), 'payload_too_deep'],
    ['1001 events', text(JSON.stringify(Array.from({ length: 1001 }, () => 0))), 'payload_too_many_events'],
  ]
  test.each(payloads)('%s is refused', (_name, payload, code) => {
    const { events, rejected } = normalise('usage', 'trk-1', payload, received)
    expect(events).toEqual([])
    expect(rejected).toMatchObject([{ index: 0, eventId: null, code }])
    expect(Buffer.from(rejected[0]?.fragment ?? [])).toEqual(Buffer.from(payload))
  })

  test('over 64 KiB is refused whatever it holds, and its first 64 KiB are kept', () => {
    const { rejected } = normalise('usage', 'trk-1', Buffer.alloc(65_537, 0x20), received)
    expect(rejected).toMatchObject([{ code: 'payload_too_large' }])
    expect(rejected[0]?.fragment.length).toBe(65_536)
  })

  test('a sent replacement character is no broken UTF-8', () => {
    expect(usage({ id: '\ufffd', meter: 'm', quantity: 1 }).events[0]?.id).toBe('\ufffd')
  })

  test('a payload buffer inside a larger one is read within its bounds, and evidence does not share its memory', () => {
    const around = Buffer.from('xx{"meter":"m","quantity":-1}xx')
    const { rejected } = normalise('usage', 'trk-1', around.subarray(2, -2), received)
    around.fill(0)
    expect(Buffer.from(rejected[0]?.fragment ?? []).toString()).toBe('{"meter":"m","quantity":-1}')
  })
})

describe('an array', () => {
  test('each event succeeds or fails on its own, and evidence is exactly the bytes of the event', () => {
    const result = usage(
      '[ {"id":"a","meter":"m","quantity":1} ,{"id":"b","meter":"m","quantity": -1.0 }, 7,\n{"id":"c","usage":{"m":3}}]',
    )
    expect(result.events.map((event) => event.id)).toEqual(['a', 'c'])
    expect(
      result.rejected.map(({ index, eventId, code, fragment }) => [
        index,
        eventId,
        code,
        Buffer.from(fragment).toString(),
      ]),
    ).toEqual([
      [1, 'b', 'quantity_negative', '{"id":"b","meter":"m","quantity": -1.0 }'],
      [2, null, 'payload_not_object', '7'],
    ])
  })

  test('a member that is there twice spoils only its own event', () => {
    const result = usage('[{"id":"a","usage":{"m":1,"m":1}},{"id":"b","usage":{"m":1}}]')
    expect(result.events.map((event) => event.id)).toEqual(['b'])
    expect(result.rejected.map(({ code, eventId }) => [code, eventId])).toEqual([['key_duplicate', 'a']])
  })

  test('texts that look like members do not', () => {
    const tricky = { id: ':"a":', meter: '":', quantity: 1, dimensions: { a: ':x', '\\"': '\\":' } }
    expect(usage([tricky, tricky]).events).toHaveLength(2)
  })

  test('a thousand events are taken', () => {
    const result = usage(Array.from({ length: 1000 }, (_, i) => ({ id: `${i}`, usage: { m: i } })))
    expect(result.events).toHaveLength(1000)
  })

  test('plain events and CloudEvents may be mixed', () => {
    const cloud = { specversion: '1.0', id: '2', source: 's', type: 't', data: { meter: 'm', quantity: 1 } }
    expect(usage([{ id: '1', meter: 'm', quantity: 1 }, cloud]).events.map((event) => event.source)).toEqual([
      'trk-1',
      'trk-1/s',
    ])
  })
})
