import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sparkplugBytes } from '../domain/mapping/testing/sparkplug-bytes.ts'
import { generateSigningKey } from '@meterline/shared/integrity/signature.ts'

const program = fileURLToPath(new URL('../bin/meterline-agent.mjs', import.meta.url))
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-map-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

function map(args: readonly string[], input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, 'map', ...args], (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    )
    child.stdin?.end(input)
  })
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const rule = `
id: [/box, /n]
subject: /box
time: /at
timeUnit: s
when: [{ at: /kind, is: reading }]
meters: [{ meter: energy.wh, quantity: { at: /kwh, unit: { from: kWh, to: Wh } } }]
dimensions: { site: topic/1 }
`
const good = { box: 'b-1', n: 1, kind: 'reading', at: 1_793_872_800, kwh: 1.25 }

describe('meterline-agent map', () => {
  test('tells for a sample what comes out, and from where', async () => {
    const sample = file('odd.json', JSON.stringify(good))
    const { code, out } = await map(['--rule', file('boxes.yaml', rule), '--sample', sample, '--topic', 'site/7/rx'])
    expect(code).toBe(0)
    expect(out).toMatch(/odd\.json, record 1: an event/)
    expect(out).toMatch(/id +b-1\/1 +\/box is "b-1", \/n is 1/)
    expect(out).toMatch(/time +2026-11-05T10:00:00\.000Z +\/at is 1793872800 \(s\)/)
    expect(out).toMatch(/meter energy\.wh +1250 +\/kwh is 1\.25 \(kWh → Wh\)/)
    expect(out).toMatch(/dimension site +7 +topic\/1 is "7"/)
    expect(out).toMatch(
      /1 payload: 1 event, 0 repeats, 0 conflicts, 0 left out, 0 rejected\n +sum of quantities \(readings of counters are not usage; the tenant's meters decide\):\n +energy\.wh: 1250\n/,
    )
  })

  test('goes through a directory, packed files and lines, and ends with 8 when something was rejected', async () => {
    const samples = join(folder, 'samples')
    mkdirSync(samples)
    file('samples/1.json', JSON.stringify([good, { ...good, n: 2, kind: 'alarm' }]))
    const lines = [good, { ...good, kwh: 2 }, { ...good, n: 3, kwh: 0.0001 }, { ...good, n: 4 }]
    file('samples/2.ndjson.gz', gzipSync(lines.map((line) => JSON.stringify(line)).join('\n')))
    file('samples/.hidden', 'no sample')
    const { code, out } = await map(['--rule', file('boxes.yaml', rule), '--sample', samples, '--json'])
    expect(code).toBe(8)
    expect(JSON.parse(out)).toMatchObject({
      rule: 'boxes',
      summary: {
        payloads: 5,
        events: 2,
        repeats: 1,
        conflicts: 1,
        leftOut: 1,
        rejected: 1,
        rejectedByCode: { quantity_inexact: 1 },
        totals: { 'energy.wh': '2500' },
        warnings: [
          'the rule reads topic/1 and no topic was given: give --topic',
          expect.stringContaining('1 event has the id of another one'),
        ],
      },
      records: [
        { sample: '1.json', position: 0, outcome: { kind: 'event', standing: 'new' } },
        { sample: '1.json', position: 1, outcome: { kind: 'leftOut', by: 'the filter /kind is "reading"' } },
        { sample: '2.ndjson:1', outcome: { standing: 'repeat' } },
        { sample: '2.ndjson:2', outcome: { standing: 'conflict' } },
        { sample: '2.ndjson:3', outcome: { kind: 'rejected', code: 'quantity_inexact' } },
        { sample: '2.ndjson:4', outcome: { kind: 'event', event: { measured: [{ quantity: '1250' }] } } },
      ],
    })
  })

  test('keeps what went wrong among the records it explains', async () => {
    const lines = [1, 2, 3, 4, 5].map((n) => JSON.stringify({ ...good, n, ...(n === 4 ? { kwh: -1 } : {}) }))
    const sample = file('many.ndjson', lines.join('\n'))
    const { out } = await map(['--rule', file('boxes.yaml', rule), '--sample', sample, '--limit', '2', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      records: [{ sample: 'many.ndjson:1' }, { sample: 'many.ndjson:4', outcome: { code: 'quantity_negative' } }],
    })
  })

  test('reads standard input, and warns of what looks like a slip', async () => {
    const seconds = file('seconds.yaml', `${rule.replace('timeUnit: s', 'timeUnit: ms')}`)
    const { code, out } = await map(['--rule', seconds, '--sample', '-'], JSON.stringify(good))
    expect(code).toBe(0)
    expect(out).toMatch(/Note: 1 event is from before the year 2000: look at time and timeUnit/)
  })

  test('warns of a topic that the rule is not for', async () => {
    const withTopics = file('boxes.yaml', `topics: ['site/+/rx', 'yard/#']\n${rule}`)
    const sample = file('odd.json', JSON.stringify(good))
    const noted = async (topic: string): Promise<readonly string[]> => {
      const { code, out } = await map(['--rule', withTopics, '--sample', sample, '--topic', topic])
      expect(code).toBe(0)
      return [...out.matchAll(/Note: (.*)/g)].map(([, note = '']) => note)
    }
    expect(await noted('site/7/rx')).toEqual([])
    expect(await noted('yard/7')).toEqual([])
    expect(await noted('site/7/tx')).toEqual([
      '1 payload has a topic that the rule is not for, such as site/7/tx: its topics are site/+/rx, yard/#.',
    ])
  })

  test('asks for the topic where the rule needs one, and takes the rule for the device that published', async () => {
    const byTopic = file('topics.yaml', rule.replace('[/box, /n]', '[topic/1, /n]'))
    const sample = file('odd.json', JSON.stringify(good))
    const without = await map(['--rule', byTopic, '--sample', sample])
    expect(without.code).toBe(8)
    expect(without.out).toMatch(/REJECTED \(id_missing\)[^]*Note: the rule reads topic\/1 and [^]*: give --topic\./)
    const given = await map(['--rule', byTopic, '--sample', sample, '--topic', 'site/7'])
    expect(given.out).toMatch(/source +topics +who published it/)
    expect(given.out).not.toContain('Note:')
    const named = await map(['--rule', byTopic, '--sample', sample, '--topic', 'site/7', '--device', 'gw-9'])
    expect(named.out).toMatch(/source +gw-9 +who published it/)
    const fallback = file('fallback.yaml', rule.replace('topic/1 }', '[topic/1, = graz] }'))
    expect((await map(['--rule', fallback, '--sample', sample])).out).not.toContain('give --topic')
  })

  test('warns where records of one payload would be one series of a counter', async () => {
    const rulePath = file('boxes.yaml', rule)
    const payloads = async (...given: readonly object[]): Promise<string> => {
      const sample = file('series.ndjson', given.map((payload) => JSON.stringify(payload)).join('\n'))
      return (await map(['--rule', rulePath, '--sample', sample, '--topic', 'site/7'])).out
    }
    const note = 'source, subject and meter (energy.wh) but different ids: right for sums'
    expect(await payloads([good, { ...good, n: 2 }])).toContain(note)
    expect(await payloads([good, { ...good, box: 'b-2' }], [{ ...good, n: 2 }, good])).toContain(note)
    expect(await payloads([good, { ...good, box: 'b-2' }, good], { ...good, n: 2 })).not.toContain(note)
  })

  test('replays a capture of topics and bytes, such as Sparkplug births and what comes after them', async () => {
    const pumps = `
profile: sparkplug-b
meters: [{ meter: energy.wh, quantity: /value, when: [{ at: /name, is: Energy }] }]
`
    const birth = sparkplugBytes({ timestamp: 1, metrics: [{ name: 'Energy', alias: 4, datatype: 8, isNull: true }] })
    const data = sparkplugBytes({ timestamp: 1_793_872_800_000, metrics: [{ alias: 4, long: 17n }] })
    const lines = [
      `spBv1.0/plant one/DBIRTH/n/d ${birth.toString('hex')}`,
      `spBv1.0/plant one/DDATA/n/d ${data.toString('hex')}`,
    ]
    const rulePath = file('pumps.yaml', pumps)
    const { code, out } = await map(['--rule', rulePath, '--sample', file('p.capture', lines.join('\n')), '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ summary: { events: 1, totals: { 'energy.wh': '17' } } })
    const wrong = await map(['--rule', rulePath, '--sample', file('q.capture', 'topic xyz')])
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('q.capture:1 is no capture')])
  })

  test('tries a rule of a configuration, and a shipped profile without one', async () => {
    const config = file(
      'agent.yaml',
      `tenant: acme
agent: gw-1
dataDirectory: ${folder}
uplink: { address: "localhost:1", aggregatorKey: "${generateSigningKey().publicKeyBase64}" }
mappings: [{ name: boxes, ${rule.trim().replaceAll('\n', ', ')} }]
`,
    )
    const sample = file('odd.json', JSON.stringify(good))
    expect((await map(['--rule', 'boxes', '--sample', sample, '--config', config])).code).toBe(0)
    const reading = file('t.json', JSON.stringify([{ device: 'd', metric: 'm', value: 1, ts: 1_793_872_800_000 }]))
    expect((await map(['--rule', 'telemetry-array', '--sample', reading])).out).toMatch(/m: 1\n/)
  })

  test('prints a profile as a rule that it reads back itself', async () => {
    const shown = await map(['--show-profile', 'telemetry-array'])
    const copy = file('copy.yaml', shown.out)
    const reading = file('t.json', JSON.stringify({ device: 'd', metric: 'm', value: 1, ts: 1_793_872_800_000 }))
    expect(await map(['--rule', copy, '--sample', reading])).toMatchObject({ code: 0 })
  })

  test.each<[string, readonly string[], number, RegExp]>([
    [
      'a rule with mistakes',
      ['--rule', 'broken.yaml', '--sample', 'odd.json'],
      3,
      /broken\.yaml:2:5: id: is "x", which names/,
    ],
    ['an unknown rule', ['--rule', 'telemetry-aray', '--sample', 'odd.json'], 3, /Did you mean telemetry-array\?/],
    ['a missing sample', ['--rule', 'telemetry-array', '--sample', 'none.json'], 2, /The sample cannot be read/],
    ['a sample that is not packed', ['--rule', 'telemetry-array', '--sample', 'no.gz'], 2, /The sample cannot be read/],
    ['an empty directory', ['--rule', 'telemetry-array', '--sample', 'empty'], 2, /There is no sample in/],
    ['no rule', ['--sample', 'odd.json'], 2, /Name a rule with --rule/],
    ['an unknown profile', ['--show-profile', 'helium-v0'], 2, /there are chirpstack-v4/],
  ])('says what is wrong with %s', async (_, args, expected, message) => {
    file('broken.yaml', 'meters: [{ meter: m, quantity: 1 }]\nid: x\n')
    file('odd.json', JSON.stringify(good))
    file('no.gz', 'not packed')
    mkdirSync(join(folder, 'empty'))
    const inFolder = args.map((arg) => (/\.(yaml|json|gz)$|^empty$/.test(arg) ? join(folder, arg) : arg))
    const { code, out, err } = await map(inFolder)
    expect([code, out]).toEqual([expected, ''])
    expect(err).toMatch(message)
  })
})
