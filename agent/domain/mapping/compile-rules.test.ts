import { describe, expect, test } from 'vitest'
import { compileRules, ownTopicMistakes } from './compile-rules.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { counting } from './testing/sample-rules.ts'

/** Everything that is wrong with rules, `path: message` in their order. */
function mistakes(...rules: readonly Partial<RuleDefinition>[]): readonly string[] {
  const named = rules.map((rule, index) => ({ ...rule, name: rule.name ?? `rule-${index}` }))
  const compiled = compileRules(named)
  return compiled.ok ? [] : compiled.mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const meters: RuleDefinition['meters'] = [{ meter: 'm', quantity: 1 }]
const sound = { atLeastOnce: true, meters }

describe('a rule that cannot work is refused where it is wrong', () => {
  test.each<[Partial<RuleDefinition>, RegExp]>([
    [{ profile: 'helium-v9' }, /^0\.profile: is "helium-v9", which is not shipped: use chirpstack-v4, /],
    [{ profile: 'sparkplug-b' }, /^0: counts nothing/],
    [{ atLeastOnce: true }, /^0: counts nothing/],
    [{ atLeastOnce: true, meters: [] }, /^0\.meters: counts nothing/],
    [{ meters }, /^0: has no id: .*atLeastOnce: true/],
    [{ meters, id: [] }, /^0\.id: is an empty list/],
    [{ meters, id: '/a', atLeastOnce: true }, /^0\.atLeastOnce: is stated beside an id/],
    [{ meters, id: ['= a', '= b'] }, /^0\.id: is the same for every event/],
    [{ meters, id: ['$/a', 'topic/1'], records: '/r' }, /^0\.id: is the same for all records/],
    [{ meters, id: ['/a', 'received'] }, /^0\.id\.1: is taken from the time of arrival/],
    [{ meters, id: ['/a', ['/b', 'nowhere']] }, /^0\.id\.1\.1: is "nowhere", which names no source/],
    [{ meters, id: '/a~b' }, /^0\.id: "\/a~b" is no JSON pointer/],
    [{ ...sound, subject: [] }, /^0\.subject: is an empty list/],
    [{ ...sound, subject: '=' }, /^0\.subject: is an empty text/],
    [{ ...sound, subject: ['= a', '/b'] }, /^0\.subject\.1: is never reached/],
    [{ ...sound, subject: 'topic/x' }, /^0\.subject: is "topic\/x": write the level as a number/],
    [{ ...sound, subject: 'topic/100' }, /^0\.subject: /],
    [{ ...sound, subject: '$a' }, /^0\.subject: "a" is no JSON pointer/],
    [{ ...sound, time: '= 2026-01-01' }, /^0\.time: is the same for every event/],
    [{ ...sound, timeUnit: 's' }, /^0\.timeUnit: is stated without a time/],
    [{ ...sound, records: 'list' }, /^0\.records: "list" is no JSON pointer/],
    [{ ...sound, records: '/r', format: 'ndjson' }, /^0\.records: does not go with ndjson/],
    [{ ...sound, publishers: ['a'] }, /^0\.publishers: only restricts/],
    [{ ...sound, eventTypes: ['t'], topics: ['a'] }, /^0\.eventTypes: /],
    [{ ...sound, eventTypes: ['t'], format: 'ndjson' }, /^0\.format: is ndjson, but CloudEvents/],
    [{ ...sound, when: [{ at: '/a' }] }, /^0\.when\.0: has 0 comparisons/],
    [{ ...sound, when: [{ at: '/a', is: 1, in: [2] }] }, /^0\.when\.0: has 2 comparisons/],
    [{ ...sound, when: [{ at: '/a', in: [] }] }, /^0\.when\.0\.in: is empty/],
    [{ ...sound, when: [{ at: '= a', is: 'a' }] }, /^0\.when\.0\.at: is a constant/],
    [{ ...sound, when: [{ at: '/a', atLeast: 'few' }] }, /^0\.when\.0\.atLeast: "few" is no number/],
    [{ ...sound, meters: [{ quantity: 1 }] }, /^0\.meters\.0: needs either meter/],
    [{ ...sound, meters: [{ meter: 'm', meterFrom: '/m', quantity: 1 }] }, /^0\.meters\.0: needs either meter/],
    [{ ...sound, meters: [{ meter: '', quantity: 1 }] }, /^0\.meters\.0\.meter: is no id of a meter/],
    [{ ...sound, meters: [{ meter: 'constructor', quantity: 1 }] }, /^0\.meters\.0\.meter: is a reserved name/],
    [
      { ...sound, meters: [{ meter: 'm', names: { a: 'b' }, quantity: 1 }] },
      /^0\.meters\.0\.names: goes with meterFrom/,
    ],
    [{ ...sound, meters: [{ meterFrom: '/m', names: { a: '' }, quantity: 1 }] }, /^0\.meters\.0\.names\.a: is no id/],
    [{ ...sound, meters: [...meters, ...meters] }, /^0\.meters\.1\.meter: is there already/],
    [{ ...sound, meters: [{ meter: 'm', quantity: 1.5 }] }, /^0\.meters\.0\.quantity: is 1\.5: a constant quantity/],
    [{ ...sound, meters: [{ meter: 'm', quantity: -1 }] }, /^0\.meters\.0\.quantity: is -1/],
    [{ ...sound, meters: [{ meter: 'm', quantity: '= x' }] }, /^0\.meters\.0\.quantity: is = x/],
    [{ ...sound, meters: [{ meter: 'm', quantity: 'n' }] }, /^0\.meters\.0\.quantity: is "n", which names no source/],
    [{ ...sound, dimensions: { '@unit': '/u' } }, /^0\.dimensions\.@unit: is a reserved name/],
    [{ ...sound, dimensions: { '+x': '/u' } }, /^0\.dimensions\.\+x: is a reserved name/],
    [{ ...sound, dimensions: { ['d'.repeat(65)]: '/u' } }, /^0\.dimensions\.d+: is no name/],
    [{ ...sound, topics: ['a/#/b'] }, /^0\.topics\.0: has a #/],
    [{ ...sound, topics: ['$SYS/x'] }, /^0\.topics\.0: begins with \$/],
  ])('%j', (rule, expected) => {
    const found = mistakes(rule)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(expected)
  })

  test.each<[object, RegExp]>([
    [{ scale: '0' }, /scale: "0" must be above zero/],
    [{ scale: '-1' }, /scale: "-1" must be above zero/],
    [{ scale: '1/0' }, /scale: "1\/0" must be above zero/],
    [{ scale: '1/2/3' }, /scale: .* is no factor/],
    [{ divide: 'x' }, /divide: "x" is no factor/],
    [{ ceilingDivide: 24, round: 'floor' }, /ceilingDivide: counts started units by itself/],
    [{ ceilingDivide: 24, divide: 2 }, /ceilingDivide: counts started units by itself/],
    [{ default: '-1' }, /default: must be a number that is not negative/],
    [{ unit: { from: 'KB', to: 'B' } }, /unit\.from: KB is ambiguous/],
    [{ unit: { from: 'kB', to: 'bytes' } }, /unit\.to: /],
    [{ unit: { from: 'kB', to: 'Wh' } }, /unit: cannot convert: kB measures data, Wh measures energy/],
    [{ unit: { from: '/u~', to: 'Wh' } }, /unit\.from: .* is no JSON pointer/],
  ])('a quantity with %j', (quantity, expected) => {
    const found = mistakes({ atLeastOnce: true, meters: [{ meter: 'm', quantity: { at: '/n', ...quantity } }] })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^0\.meters\.0\.quantity\./)
    expect(found[0]).toMatch(expected)
  })

  test('all mistakes of all rules are reported at once', () => {
    expect(mistakes({ meters }, { ...sound, subject: 'x' }, { profile: 'y' })).toHaveLength(3)
  })
})

describe('rules beside one another', () => {
  test('need names of their own', () => {
    expect(mistakes({ ...sound, name: 'a' }, { ...sound, name: 'a' })).toEqual([
      '1.name: is a, as is that of a rule above: give it another name',
    ])
  })

  test.each([
    ['a/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/#', 'a', true],
    ['#', 'x/y', true],
    ['a/+/c', 'a/b/+', true],
    ['a/b', 'a/c', false],
    ['a/+', 'a/b/c', false],
    ['a/+/c', 'a/+/d', false],
  ])('cannot both read topics that match %s and %s: %s', (left, right, overlap) => {
    expect(mistakes({ ...sound, topics: [left] }, { ...sound, topics: [right] })).toHaveLength(overlap ? 1 : 0)
  })

  test('one rule may name topics twice', () => {
    expect(mistakes({ ...sound, topics: ['a/+', 'a/b'] })).toEqual([])
  })

  test('cannot both read a type of CloudEvents', () => {
    expect(mistakes({ ...sound, eventTypes: ['t'] }, { ...sound, eventTypes: ['u', 't'] })).toEqual([
      '1.eventTypes.1: is read by the rule rule-0 already',
    ])
  })

  test('leave the topics of the agent itself alone', () => {
    const rules = [{ ...counting, topics: ['site/+/rx', 'meter/v1/+/usage', '+/#'] }]
    expect(ownTopicMistakes(rules, 'meter/v1').map(({ path }) => path)).toEqual([
      [0, 'topics', 1],
      [0, 'topics', 2],
    ])
  })
})

describe('a profile', () => {
  const rule = (own: Partial<RuleDefinition>) => {
    const compiled = compileRules([{ name: 'r', ...own }])
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes))
    return compiled.value.byName.get('r')
  }
  const iso = '2026-11-05T10:00:00Z'
  const uplink = { devaddr: 'a', fcnt: 1, reported_at: 1_767_225_600_000, dev_eui: 'e', payload_size: 25, port: 2, iso }
  const read = (own: Partial<RuleDefinition>) =>
    rule(own)?.map(Buffer.from(JSON.stringify(uplink)), { device: 'd', topic: null, receivedWallMs: 0 }).events[0]

  test('is what a rule starts from: its own keys replace, dimensions and filters come on top', () => {
    const event = read({ profile: 'helium-v1', subject: 'device', dimensions: { eui: '/dev_eui' } })
    expect(event).toMatchObject({
      subject: 'd',
      timeMs: 1_767_225_600_000,
      labels: [
        ['@reset', 'a'],
        ['eui', 'e'],
        ['port', '2'],
      ],
      measured: [
        { meter: 'lorawan.uplinks', quantity: 1n },
        { meter: 'lorawan.data_credits', quantity: 2n },
      ],
    })
    expect(read({ profile: 'helium-v1', when: [{ at: '/port', is: 3 }] })).toBeUndefined()
    expect(read({ profile: 'helium-v1', meters })?.measured).toEqual([{ meter: 'm', quantity: 1n }])
  })

  test('keeps its filters beside those of the rule', () => {
    const onPort = { profile: 'chirpstack-v4', when: [{ at: '/fPort', is: 2 }] }
    const payload = Buffer.from(
      JSON.stringify({ deduplicationId: 'u', time: iso, deviceInfo: { devEui: 'e' }, fPort: 2 }),
    )
    const events = (topic: string) =>
      rule(onPort)?.map(payload, { device: 'd', topic, receivedWallMs: 0 }).events.length ?? 0
    expect([events('a/event/up'), events('a/event/join')]).toEqual([1, 0])
  })

  test('may be used without its id', () => {
    expect(mistakes({ profile: 'helium-v1', atLeastOnce: true })).toEqual([])
    expect(read({ profile: 'helium-v1', atLeastOnce: true })?.id).toBeNull()
  })

  test('does not lend its unit of time to another time', () => {
    expect(read({ profile: 'helium-v1', time: '/iso' })?.timeMs).toBe(1_793_872_800_000)
  })
})
