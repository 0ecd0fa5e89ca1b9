import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { readFleetFile } from './read-fleet-file.ts'

const TOP = 'fleet: f\nstart: 2025-11-03T00:00:00Z\nduration: 1h\n'
const GROUP = 'name: g, count: 2, device: "d-{n}", dialect: usage, messagesPerHour: 1, meters: { m: 1 }'
const SHIPPED = new URL('../scenarios/fleets/', import.meta.url)

function mistakesOf(text: string): string[] {
  const read = readFleetFile('f.yaml', text)
  return read.ok ? [] : formatMistakes(read.mistakes).split('\n')
}

/** A fleet of one group with some of its keys replaced or added. */
function group(changes: Readonly<Record<string, string | null>>): string {
  const keys: Record<string, string | null> = {
    name: 'g',
    count: '2',
    device: 'd-{n}',
    dialect: 'usage',
    messagesPerHour: '1',
    meters: '{ m: 1 }',
    ...changes,
  }
  const lines = Object.entries(keys).flatMap(([key, value]) => (value === null ? [] : [`    ${key}: ${value}`]))
  return `${TOP}groups:\n  -\n${lines.join('\n')}\n`
}

describe('a fleet file', () => {
  test.each(readdirSync(fileURLToPath(SHIPPED)))('%s, which is shipped, is read', (name) => {
    expect(mistakesOf(readFileSync(new URL(name, SHIPPED), 'utf8'))).toEqual([])
  })

  test('fills in what is left out, and keeps whole numbers whole', () => {
    const read = readFleetFile('f.yaml', `${TOP}groups: [{ ${GROUP.replace('m: 1', 'm: "900719925474099301"')} }]`)
    expect(read).toMatchObject({
      ok: true,
      value: {
        seed: 'fleet',
        prefix: 'meter/v1',
        start: Date.UTC(2025, 10, 3),
        duration: 3_600_000,
        groups: [
          {
            meters: { m: { distribution: { draws: 'constant', value: 900_719_925_474_099_301n }, kind: 'sum' } },
            roaming: { share: 0, repeat: 0 },
            failures: { drop: 0, silent: 0 },
            sequence: false,
          },
        ],
      },
    })
  })

  test('all mistakes come at once, with their places', () => {
    const text = [
      'fleet: Big City',
      'start: yesterday',
      'duration: 1 day',
      'sead: x',
      'groups:',
      '  - { name: a, count: 0, device: "{m}", dialect: usge, messagesPerHour: 1, meters: { m: { from: 5, to: 1 } } }',
      '  - { name: b, count: 2, device: "d", dialect: ollama, messagesPerHour: 1, meters: { ai.cached_input_tokens: 1 } }',
    ].join('\n')
    const found = mistakesOf(text)
    expect(found.map((line) => line.split(':').slice(0, 4).join(':'))).toEqual([
      'f.yaml:1:8: fleet',
      'f.yaml:2:8: start',
      'f.yaml:3:11: duration',
      'f.yaml:4:1: sead',
      'f.yaml:6:23: groups[0].count',
      'f.yaml:6:34: groups[0].device',
      'f.yaml:6:50: groups[0].dialect',
      expect.stringMatching(/^f.yaml:6:\d+: groups\[0\].meters.m$/),
      expect.stringMatching(/^f.yaml:7:\d+: groups\[1\].device$/),
      expect.stringMatching(/^f.yaml:7:\d+: groups\[1\].meters\["ai.cached_input_tokens"\]$/),
    ])
    expect(found.join('\n')).toMatch(/did you mean usage\?/)
    expect(found.join('\n')).toMatch(/from 5 down to 1/)
  })

  test.each([
    ['no file at all', 'nothing', /is the text "nothing", but a mapping is needed/],
    ['no groups', TOP, /groups: is missing: a list is needed/],
    ['no meters', group({ meters: '{}' }), /meters: is empty/],
    ['a device id that is none', group({ device: 'a/{n}' }), /gives 'a\/1', which is no device id/],
    ['one device twice', group({ device: 'd' }), /gives 'd' to a device of g and to another/],
    ['an account id that is none', group({ account: 'a b' }), /gives 'a b', which is no account id/],
    ['a subject that is too long', group({ subject: 'x'.repeat(129) }), /over 128 bytes/],
    [
      'too many devices',
      group({ count: '20000' }).replace('groups:', `groups:\n  - { ${GROUP} }`),
      /have 20002 devices/,
    ],
    ['too much at once', group({ count: '20000', messagesPerHour: '3600000' }), /messages a minute/],
    [
      'hours and night',
      group({ hours: `[${'1,'.repeat(24)}]`, night: '{ from: 1, to: 2, factor: 0 }' }),
      /beside hours/,
    ],
    ['23 hours', group({ hours: `[${'1,'.repeat(23)}]` }), /24 hours/],
    [
      'readings of an AI call',
      group({ dialect: 'otel', meters: '{ ai.input_tokens: { always: 1, kind: counter } }' }),
      /no readings/,
    ],
    [
      'dimensions of an AI call',
      group({ dialect: 'otel', meters: '{ ai.input_tokens: 1 }', dimensions: '{ a: b }' }),
      /no words in otel/,
    ],
    [
      'a wrong unit of an AI call',
      group({ dialect: 'otel', meters: '{ ai.input_tokens: 1 }', failures: '{ wrongUnit: 0.1 }' }),
      /states no units/,
    ],
    ['resets of nothing', group({ failures: '{ reset: 0.1 }' }), /needs a meter of kind counter/],
    ['a topic nobody asked for', group({ topic: 'a/b' }), /is only for dialects that a mapping rule reads/],
    [
      'a gauge without units',
      group({ meters: '{ m: { always: 1, kind: gauge } }' }),
      /needs reading, unit and longestGap/,
    ],
    [
      'a gauge of nothing',
      group({ meters: '{ m: { always: 1, kind: gauge, reading: W, unit: s, longestGap: 5m } }' }),
      /does not become s/,
    ],
    ['a sum with a reading', group({ meters: '{ m: { always: 1, reading: W } }' }), /only gauges have/],
    [
      'a gauge that roams',
      group({
        meters: '{ m: { always: 1, kind: gauge, reading: W, unit: Wh, longestGap: 5m } }',
        roaming: '{ share: 0.1 }',
      }),
      /devices that roam/,
    ],
    [
      'a frame that no radio sends',
      group({ dialect: 'helium', meters: '{ lorawan.payload_bytes: 300 }' }),
      /holds 242 at most/,
    ],
    [
      'a subject where none can be said',
      group({ dialect: 'helium', meters: '{ lorawan.payload_bytes: 3 }', subject: 's' }),
      /subject: has no words/,
    ],
    [
      'a topic without its device',
      group({ dialect: 'helium', meters: '{ lorawan.payload_bytes: 3 }', topic: 'a/b' }),
      /needs the level \{device\}/,
    ],
    ['a probability above one', group({ failures: '{ drop: 1.5 }' }), /must be at most 1/],
    ['a fraction of a byte', group({ meters: '{ m: 1.5 }' }), /whole number/],
    [
      'two ways to draw',
      group({ meters: '{ m: { always: 1, oneOf: [1] } }' }),
      /either always, or oneOf, or from and to/,
    ],
    ['half a range', group({ meters: '{ m: { from: 1 } }' }), /both from and to/],
    ['an endless range', group({ meters: '{ m: { from: 0, to: "999999999999999999" } }' }), /wider than/],
  ])('%s is a mistake', (_name, text, message) => {
    const found = mistakesOf(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
    expect(found[0]).toMatch(/^f\.yaml:\d+:\d+: /)
  })
})
