import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { lorawanTrace } from './lorawan.ts'
import { collect, totalsOf, traceFile } from './trace-file-for-tests.ts'

const TRACES = process.env['METERLINE_TRACES']
const how = { topic: 'helium/{dev_eui}/up', rule: 'helium' }

function uplink(fcnt: number, reportedAt: number, payloadSize: number): string {
  return `{ "dev_eui":"32AB",  "devaddr":"0A000048","fcnt":${fcnt},"reported_at":${reportedAt},"payload_size":${payloadSize} }`
}

describe('the LoRaWAN trace', () => {
  test('rows are published byte for byte, to the topic their members make', async () => {
    const lines = [uplink(1, 100, 24), uplink(2, 200, 25)]
    const rows = await collect(lorawanTrace(traceFile(gzipSync(lines.join('\r\n'))), how).rows())
    expect(rows.map((row) => String(row.payload))).toEqual(lines)
    expect(rows.map((row) => row.topic)).toEqual(['helium/32AB/up', 'helium/32AB/up'])
    expect(rows.map((row) => row.usage?.['lorawan.data_credits'])).toEqual([1n, 2n])
  })

  test('one uplink is told from another by address, counter and time, and counts once', async () => {
    const file = traceFile([uplink(1, 100, 8), uplink(1, 100, 8), uplink(1, 101, 49), uplink(2, 101, 0)].join('\n'))
    expect(await totalsOf(lorawanTrace(file, how))).toEqual({
      events: 3,
      malformed: 0,
      quantities: { 'lorawan.uplinks': '3', 'lorawan.data_credits': '4' },
    })
  })

  test('a payload whose size is not stated is measured', async () => {
    const row = { devaddr: '1', fcnt: 1, reported_at: 5, payload: Buffer.alloc(49).toString('base64') }
    expect(await totalsOf(lorawanTrace(traceFile(JSON.stringify(row)), how))).toEqual({
      events: 1,
      malformed: 0,
      quantities: { 'lorawan.uplinks': '1', 'lorawan.data_credits': '3' },
    })
  })

  test('a row of another form is published as it is, and expected in suspense', async () => {
    const lines = [uplink(1, 100, 8), 'nonsense', '{"dev_eui":"a/b","fcnt":1}', '[1]', uplink(2, 200, 8)]
    const trace = lorawanTrace(traceFile(lines.join('\n')), how)
    const rows = await collect(trace.rows())
    expect(rows.map((row) => String(row.payload))).toEqual(lines)
    expect(rows.map((row) => row.timeMs)).toEqual([100, 100, 100, 100, 200])
    expect(rows.map((row) => row.topic.split('/')[1])).toEqual(['32AB', 'unknown', 'unknown', 'unknown', '32AB'])
    expect(await totalsOf(trace)).toMatchObject({ events: 2, malformed: 3 })
  })

  test.skipIf(TRACES === undefined)(
    'the real file holds what its source counted (needs METERLINE_TRACES)',
    async () => {
      const trace = lorawanTrace(join(TRACES ?? '', 'iot/lorawan-uplinks.ndjson.gz'), how)
      expect(await totalsOf(trace)).toEqual({
        events: 13_352,
        malformed: 0,
        quantities: { 'lorawan.uplinks': '13352', 'lorawan.data_credits': '13365' },
      })
    },
  )
})
