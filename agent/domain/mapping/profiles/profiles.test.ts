import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { mapped, oneEvent, refusal, ruleOf } from '../testing/sample-rules.ts'
import { profiles } from './profiles.ts'

const TRACES = process.env['METERLINE_TRACES']

test.each([...profiles.keys()].filter((name) => name !== 'sparkplug-b'))('%s is a whole rule', (profile) => {
  expect(ruleOf({ profile }).name).toBe('rule')
})

test('sparkplug-b waits for its meters', () => {
  expect(() => ruleOf({ profile: 'sparkplug-b' })).toThrow('counts nothing')
  expect(ruleOf({ profile: 'sparkplug-b', meters: [{ meter: 'm', quantity: '/value' }] }).name).toBe('rule')
})

describe('chirpstack-v4', () => {
  // The shape of the uplink event in ChirpStack's documentation, with values of our own.
  const uplink = {
    deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
    time: '2026-07-18T09:34:15.775023242+00:00',
    deviceInfo: {
      tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
      applicationId: '17c82e96-be03-4f38-aef3-f83d48582d97',
      deviceProfileName: 'sensor',
      deviceName: 'cellar',
      devEui: '0101010101010101',
      tags: { key: 'value' },
    },
    devAddr: '00189440',
    dr: 1,
    fPort: 1,
    data: 'qgEBqgI=',
    rxInfo: [{ gatewayId: '0016c001f153a14c', uplinkId: 4217106255, rssi: -36, snr: 10.5 }],
    txInfo: { frequency: 868500000, modulation: { lora: { bandwidth: 125000, spreadingFactor: 11 } } },
  }
  const up = { topic: 'application/17c82e96/device/0101010101010101/event/up' }

  test('counts uplinks and the bytes in them', () => {
    expect(oneEvent({ profile: 'chirpstack-v4' }, { ...uplink, fCnt: 24 }, up)).toEqual({
      id: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
      source: 'dev-1/0101010101010101',
      subject: '0101010101010101',
      timeMs: Date.UTC(2026, 6, 18, 9, 34, 15, 775),
      labels: [
        ['@reset', '00189440'],
        ['application', '17c82e96-be03-4f38-aef3-f83d48582d97'],
        ['port', '1'],
      ],
      facts: [['@sequence', 24n]],
      measured: [
        { meter: 'lorawan.uplinks', quantity: 1n },
        { meter: 'lorawan.payload_bytes', quantity: 5n },
      ],
    })
  })

  test('takes a counter and a payload that are left out as zero', () => {
    // JSON leaves undefined members out.
    expect(oneEvent({ profile: 'chirpstack-v4' }, { ...uplink, data: undefined })).toMatchObject({
      facts: [['@sequence', 0n]],
      measured: [{ quantity: 1n }, { quantity: 0n }],
    })
  })

  test('leaves other events out', () => {
    const join = { topic: 'application/17c82e96/device/0101010101010101/event/join' }
    expect(mapped({ profile: 'chirpstack-v4' }, uplink, join)).toMatchObject({ events: [], rejected: [] })
  })
})

describe('the-things-stack-v3', () => {
  const uplink = {
    end_device_ids: {
      device_id: 'cellar',
      application_ids: { application_id: 'house' },
      dev_eui: '70B3D57ED005B89A',
      dev_addr: '260BABCD',
    },
    correlation_ids: ['gs:uplink:01HX6YGQ7AS3VTM5W5W36YV1F1'],
    received_at: '2026-05-25T13:42:11.512Z',
    uplink_message: {
      session_key_id: 'AWNbm/4zfqx0jZ5q1NlBmw==',
      f_port: 2,
      f_cnt: 1834,
      frm_payload: 'ASsBKAAA',
      received_at: '2026-05-25T13:42:11.412345678Z',
      consumed_airtime: '0.061696s',
      network_ids: { net_id: '000013', tenant_id: 'ttn' },
    },
  }

  test('counts uplinks and the bytes in them', () => {
    expect(oneEvent({ profile: 'the-things-stack-v3' }, uplink)).toEqual({
      id: 'cellar/1834/2026-05-25T13:42:11.412345678Z',
      source: 'dev-1/70B3D57ED005B89A',
      subject: '70B3D57ED005B89A',
      timeMs: Date.UTC(2026, 4, 25, 13, 42, 11, 412),
      labels: [
        ['@reset', 'AWNbm/4zfqx0jZ5q1NlBmw=='],
        ['application', 'house'],
        ['port', '2'],
      ],
      facts: [['@sequence', 1834n]],
      measured: [
        { meter: 'lorawan.uplinks', quantity: 1n },
        { meter: 'lorawan.payload_bytes', quantity: 6n },
      ],
    })
  })

  test('knows that empty fields are left out', () => {
    const rest = { ...uplink.uplink_message, f_cnt: undefined, frm_payload: undefined }
    expect(oneEvent({ profile: 'the-things-stack-v3' }, { ...uplink, uplink_message: rest })).toMatchObject({
      id: 'cellar/0/2026-05-25T13:42:11.412345678Z',
      facts: [['@sequence', 0n]],
      measured: [{ quantity: 1n }, { quantity: 0n }],
    })
  })

  test('leaves join messages and simulated uplinks out', () => {
    const join = { ...uplink, uplink_message: undefined, join_accept: {} }
    expect(mapped({ profile: 'the-things-stack-v3' }, join).events).toEqual([])
    expect(mapped({ profile: 'the-things-stack-v3' }, { ...uplink, simulated: true }).events).toEqual([])
  })
})

describe('helium', () => {
  // The shape of "Console integrations, JSON schema" in Helium's documentation.
  const uplink = {
    app_eui: '6948A4B59F4666AD',
    dev_eui: '1C29FBD1D2084E21',
    devaddr: 'B5A44869',
    fcnt: 19,
    hotspots: [{ name: 'icy-fiery-hippo', reported_at: 1_790_000_000_123, rssi: -54 }],
    id: '7c523974-4ce7-4a92-948b-55171a6e4d77',
    name: 'Test Me',
    port: 1,
    reported_at: 1_790_000_000_123,
  }

  test.each([
    [0, 0n],
    [1, 1n],
    [24, 1n],
    [25, 2n],
    [48, 2n],
    [242, 11n],
  ])('helium-v1: %i bytes are %i credits', (bytes, credits) => {
    expect(oneEvent({ profile: 'helium-v1' }, { ...uplink, payload_size: bytes })).toMatchObject({
      id: 'B5A44869/19/1790000000123',
      source: 'dev-1/1C29FBD1D2084E21',
      timeMs: 1_790_000_000_123,
      measured: [{ quantity: 1n }, { meter: 'lorawan.data_credits', quantity: credits }],
    })
  })

  test('helium-console measures the payload itself', () => {
    const payload = Buffer.alloc(49).toString('base64')
    expect(oneEvent({ profile: 'helium-console' }, { ...uplink, payload }).measured[1]?.quantity).toBe(3n)
    expect(refusal({ profile: 'helium-console' }, { ...uplink, payload: '§' })).toBe('measure_invalid')
  })

  test.skipIf(TRACES === undefined)('reads a year of real uplinks (needs METERLINE_TRACES)', () => {
    const rule = ruleOf({ profile: 'helium-v1' })
    const file = readFileSync(join(TRACES ?? '', 'iot/lorawan-uplinks.ndjson.gz'))
    const ids = new Set<string>()
    const totals = { uplinks: 0n, credits: 0n }
    for (const line of gunzipSync(file).toString().trim().split('\n')) {
      const { id, measured } = oneEvent(rule, line)
      ids.add(id ?? '')
      totals.uplinks += measured[0]?.quantity ?? 0n
      totals.credits += measured[1]?.quantity ?? 0n
    }
    expect([ids.size, totals]).toEqual([13_352, { uplinks: 13_352n, credits: 13_365n }])
  })
})

describe('telemetry-array', () => {
  test('reads the usual names', () => {
    const payload = [
      { device: 'm-1', metric: 'energy', value: 12, ts: 1_767_225_600_000 },
      { deviceId: 'm-2', name: 'water', v: '7', timestamp: '2026-01-01T00:00:01Z' },
      { meter: 'gas', quantity: 3, time: 1_767_225_600_002 },
    ]
    expect(mapped({ profile: 'telemetry-array' }, payload)).toMatchObject({
      events: [
        { id: 'm-1/energy/1767225600000', subject: 'm-1', measured: [{ meter: 'energy', quantity: 12n }] },
        {
          id: 'm-2/water/2026-01-01T00:00:01Z',
          timeMs: 1_767_225_601_000,
          measured: [{ meter: 'water', quantity: 7n }],
        },
        { id: 'dev-1/gas/1767225600002', subject: 'dev-1', measured: [{ meter: 'gas', quantity: 3n }] },
      ],
      rejected: [],
    })
  })

  test('refuses what has no time, for nothing else would tell its repeats apart', () => {
    expect(refusal({ profile: 'telemetry-array' }, { device: 'm-1', metric: 'energy', value: 12 })).toBe('id_missing')
  })
})
