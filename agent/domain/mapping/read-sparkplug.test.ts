import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BirthBook, birthLimits, type Birth } from './birth-book.ts'
import type { CompiledRule } from './rule-book.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { mapped, oneEvent, refusal, ruleOf } from './testing/sample-rules.ts'
import { sparkplugBytes, type TestMetric } from './testing/sparkplug-bytes.ts'

const energy: Partial<RuleDefinition> = {
  profile: 'sparkplug-b',
  meters: [{ meter: 'energy', quantity: '/value', when: [{ at: '/name', is: 'Energy/Total' }] }],
}
const node = { topic: 'spBv1.0/plant/NDATA/edge-1' }
const device = { topic: 'spBv1.0/plant/DDATA/edge-1/pump-7' }
const nodeBirth = { topic: 'spBv1.0/plant/NBIRTH/edge-1' }
const deviceBirth = { topic: 'spBv1.0/plant/DBIRTH/edge-1/pump-7' }
const at = 1_793_872_800_000

function sent(...metrics: readonly TestMetric[]): Buffer {
  return sparkplugBytes({ timestamp: at, seq: 3, metrics })
}

/** What a value becomes in the records, read through a dimension and a quantity. */
function valueOf(metric: TestMetric): string | undefined {
  const rule = { ...energy, meters: [{ meter: 'm', quantity: 1 }], dimensions: { value: '/value' } }
  const event = oneEvent(rule, sent({ name: 'x', timestamp: at, ...metric }), device)
  return event.labels.find(([name]) => name === 'value')?.[1]
}

// One metric whose long value has a tenth byte beyond the 64th bit.
const tooLong = Buffer.from('120e0a017858ffffffffffffffffff7f', 'hex')

describe('a Sparkplug B message', () => {
  test('gives an event for each metric the rule counts', () => {
    const metrics = [
      { name: 'Energy/Total', timestamp: at - 5, datatype: 8, long: 1234n },
      { name: 'Temperature', timestamp: at, datatype: 9, float: 21.5 },
    ]
    expect(mapped(energy, sent(...metrics), device)).toMatchObject({
      events: [
        {
          id: `plant/edge-1/pump-7/Energy~1Total/${at - 5}`,
          source: 'dev-1',
          subject: 'pump-7',
          timeMs: at - 5,
          labels: [
            ['group', 'plant'],
            ['node', 'edge-1'],
          ],
          measured: [{ meter: 'energy', quantity: 1234n }],
        },
      ],
      rejected: [],
    })
  })

  test('of a node has its own place; the time may be that of the payload', () => {
    const event = oneEvent(energy, sent({ name: 'Energy/Total', datatype: 8, long: 1n }), node)
    expect(event).toMatchObject({ id: `plant/edge-1/~1/Energy~1Total/${at}`, subject: 'edge-1', timeMs: at })
  })

  test.each(['NDEATH', 'NCMD', 'DDEATH', 'DCMD'])('%s is left out', (type) => {
    const payload = sent({ name: 'Energy/Total', datatype: 8, long: 1n })
    expect(mapped(energy, payload, { topic: `spBv1.0/plant/${type}/edge-1` })).toMatchObject({
      events: [],
      rejected: [],
    })
  })

  test('a metric that says it is null is left out', () => {
    expect(mapped(energy, sent({ name: 'Energy/Total', datatype: 8, isNull: true }), device).events).toEqual([])
  })

  test.each<[TestMetric, string | undefined]>([
    [{ datatype: 1, int: 127 }, '127'],
    [{ datatype: 1, int: 0xffff_ffff }, '-1'],
    [{ datatype: 1, int: 0xff }, '-1'],
    [{ datatype: 2, int: 0xffff_8000 }, '-32768'],
    [{ datatype: 3, int: 0x8000_0000 }, '-2147483648'],
    [{ datatype: 3, int: -2n }, '-2'],
    [{ datatype: 4, long: -1n }, '-1'],
    [{ datatype: 4, long: 2n ** 62n }, '4611686018427387904'],
    [{ datatype: 5, int: 255 }, '255'],
    [{ datatype: 7, int: 0xffff_ffff }, '4294967295'],
    [{ datatype: 7, long: 0xffff_ffffn }, '4294967295'],
    [{ datatype: 8, long: 2n ** 64n - 1n }, '18446744073709551615'],
    [{ datatype: 9, float: 0.1 }, '0.1'],
    [{ datatype: 9, float: 16_777_216 }, '16777216'],
    [{ datatype: 10, double: 0.1 }, '0.1'],
    [{ datatype: 11, boolean: true }, 'true'],
    [{ datatype: 12, text: 'größe' }, 'größe'],
    [{ datatype: 17, bytes: Buffer.from([1, 255]) }, '01ff'],
    [{ datatype: 16, dataset: Buffer.from([8, 1]) }, undefined],
    [{ int: 127 }, '127'],
  ])('a value by its data type, case %#', (metric, expected) => {
    expect(valueOf(metric)).toBe(expected)
  })

  test.each<[string, Buffer, string | null, string]>([
    ['nothing', Buffer.alloc(0), device.topic, 'payload_empty'],
    ['no message at all', Buffer.from('{"a":1}'), device.topic, 'sparkplug_malformed'],
    ['a cut one', sent({ name: 'x', int: 1 }).subarray(0, -3), device.topic, 'sparkplug_malformed'],
    [
      'a name that is no text',
      sparkplugBytes({ metrics: [{ bytes: Buffer.from([0xff]) }] }).fill(0x0a, 2, 3),
      device.topic,
      'sparkplug_malformed',
    ],
    ['a number above 64 bits', tooLong, device.topic, 'sparkplug_malformed'],
    ['a compressed one', sparkplugBytes({ uuid: 'SPBV1.0_COMPRESSED' }), device.topic, 'sparkplug_malformed'],
    ['another topic', sent(), 'site/1', 'sparkplug_malformed'],
    ['no topic', sent(), null, 'sparkplug_malformed'],
    ['a value outside of its type', sent({ name: 'x', datatype: 1, int: 300 }), device.topic, 'sparkplug_malformed'],
    ['an alias nobody has heard of', sent({ alias: 7, int: 1 }), device.topic, 'sparkplug_birth_missing'],
    ['neither name nor alias', sent({ int: 1 }), device.topic, 'sparkplug_birth_missing'],
    ['an integer that may be negative', sent({ name: 'x', int: 128 }), device.topic, 'sparkplug_birth_missing'],
  ])('with %s is refused', (_, payload, topic, code) => {
    expect(refusal(energy, payload, { topic })).toBe(code)
  })

  test('gives at most as many events as any payload', () => {
    const metrics = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `m${index}`, long: 1n, datatype: 8 }))
    const all = { ...energy, meters: [{ meter: 'm', quantity: '/value' }] }
    expect(mapped(all, sent(...metrics(1000)), device).events).toHaveLength(1000)
    expect(refusal(all, sent(...metrics(1001)), device)).toBe('records_too_many')
    const few = { ...all, when: [{ at: '/name', in: ['m1', 'm1000'] }] }
    expect(mapped(few, sent(...metrics(1001)), device).events).toHaveLength(2)
  })

  test('never throws, whatever the bytes', () => {
    const rule = ruleOf(energy)
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.tuple(fc.nat(200), fc.nat(255)).map(([at, value]) => {
        const good = sent({ name: 'Energy/Total', alias: 1, datatype: 4, long: -5n }, { alias: 1, float: 2.5 })
        good[at % good.length] = value
        return good
      }),
    )
    fc.assert(
      fc.property(bytes, fc.constantFrom(node, device, nodeBirth, deviceBirth), (payload, from) => {
        const { events, rejected } = mapped(rule, payload, from)
        expect(events.length + rejected.length).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('births', () => {
  const born = { name: 'Energy/Total', alias: 1, datatype: 4 }
  const by = (alias: number): Buffer => sent({ alias, timestamp: at + 1, long: 5n })
  const learn = (rule: CompiledRule, from: { topic: string }, ...metrics: readonly TestMetric[]): void => {
    expect(mapped(rule, sent(...metrics), from).rejected).toEqual([])
  }

  test('tell what aliases stand for, and their data types; they are counted themselves', () => {
    const rule = ruleOf(energy)
    expect(mapped(rule, sent({ ...born, timestamp: at, long: 3n }), deviceBirth).events).toHaveLength(1)
    expect(oneEvent(rule, by(1), device).measured).toEqual([{ meter: 'energy', quantity: 5n }])
    const negative = sent({ alias: 1, timestamp: at, long: -5n })
    expect(refusal(rule, negative, device)).toBe('quantity_negative')
  })

  test('of the node hold for its devices, unless those have their own', () => {
    const rule = ruleOf(energy)
    learn(rule, nodeBirth, { ...born, isNull: true })
    expect(oneEvent(rule, by(1), device).measured).toHaveLength(1)
    learn(rule, deviceBirth, { name: 'Other', alias: 1, datatype: 4, isNull: true })
    expect(mapped(rule, by(1), device).events).toEqual([])
    expect(oneEvent(rule, by(1), node).measured).toHaveLength(1)
  })

  test('hold for their own publisher, group, node and device only', () => {
    const rule = ruleOf(energy)
    learn(rule, deviceBirth, { ...born, isNull: true })
    expect(refusal(rule, by(1), { ...device, device: 'dev-2' })).toBe('sparkplug_birth_missing')
    expect(refusal(rule, by(1), { topic: 'spBv1.0/plant/DDATA/edge-1/pump-8' })).toBe('sparkplug_birth_missing')
    expect(refusal(rule, by(1), { topic: 'spBv1.0/other/DDATA/edge-1/pump-7' })).toBe('sparkplug_birth_missing')
  })

  test('replace the ones before, but never a later one', () => {
    const rule = ruleOf(energy)
    learn(rule, deviceBirth, { ...born, isNull: true })
    const older = sparkplugBytes({
      timestamp: at - 1,
      metrics: [{ name: 'Other', alias: 1, datatype: 4, isNull: true }],
    })
    mapped(rule, older, deviceBirth)
    expect(oneEvent(rule, by(1), device).measured).toHaveLength(1)
    learn(rule, deviceBirth, { name: 'Energy/Total', alias: 2, datatype: 4, isNull: true })
    expect(refusal(rule, by(1), device)).toBe('sparkplug_birth_missing')
    expect(oneEvent(rule, by(2), device).measured).toHaveLength(1)
  })

  test('without names are refused, and so is one from beyond all time', () => {
    expect(refusal(energy, sent({ alias: 1, datatype: 4 }), deviceBirth)).toBe('sparkplug_malformed')
    const late = sparkplugBytes({ timestamp: 2 ** 60, metrics: [born] })
    expect(refusal(energy, late, deviceBirth)).toBe('time_invalid')
  })

  test('are handed out once to be stored, and known again when they are loaded', () => {
    const births = new BirthBook()
    learn(ruleOf(energy, births), deviceBirth, { ...born, isNull: true })
    const stored = births.takeChanges()
    expect(stored).toHaveLength(1)
    expect(births.takeChanges()).toEqual([])
    learn(ruleOf(energy, births), deviceBirth, { ...born, isNull: true })
    expect(births.takeChanges()).toEqual([])

    const later = new BirthBook()
    later.load(stored)
    expect(oneEvent(ruleOf(energy, later), by(1), device).measured).toHaveLength(1)
    expect(later.takeChanges()).toEqual([])
  })

  test('that find no room are refused, by number and by size', () => {
    const births = new BirthBook()
    const birthOf = (at: number, names: number): Birth => ({
      scope: { publisher: 'p', group: 'g', node: `n${at}`, device: null },
      timestampMs: 0,
      metrics: Array.from({ length: names }, (_, index) => ({
        name: `m${index}`.padEnd(500),
        alias: null,
        datatype: 8,
      })),
    })
    let taken = 0
    while (births.learn(birthOf(taken, 100))) taken += 1
    expect(taken).toBeGreaterThan(100)
    expect(taken).toBeLessThan(birthLimits.bytes / 100 / 1000 + 1)
    expect(
      refusal(ruleOf(energy, births), sent(...birthOf(0, 100).metrics.map(({ name }) => ({ name }))), deviceBirth),
    ).toBe('sparkplug_births_full')

    const small = new BirthBook()
    for (let at = 0; at < birthLimits.births; at++) expect(small.learn(birthOf(at, 0))).toBe(true)
    expect(small.learn(birthOf(birthLimits.births, 0))).toBe(false)
    expect(small.learn(birthOf(0, 1))).toBe(true)
  })
})
