import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapped, oneEvent, ruleOf } from '../testing/sample-rules.ts'
import { sparkplugBytes, type TestMetric } from '../testing/sparkplug-bytes.ts'

// What network servers say about an uplink, as their schemas have it; everything else in a payload must not matter.
const eui = fc.stringMatching(/^[0-9A-F]{16}$/)
const address = fc.stringMatching(/^[0-9A-F]{8}$/)
const uplink = fc.record({
  eui,
  address,
  counter: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  port: fc.integer({ min: 1, max: 223 }),
  bytes: fc.uint8Array({ maxLength: 242 }),
  atMs: fc.integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 }),
  uuid: fc.uuid(),
  noise: fc.dictionary(fc.constantFrom('tags', 'rssi', 'object', 'extra'), fc.jsonValue()),
})

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** JSON as Protocol Buffers write it: what is zero or empty may be left out. */
function sparse(members: Readonly<Record<string, unknown>>, leaveOut: boolean): object {
  const kept = Object.entries(members).filter(([, value]) => !leaveOut || (value !== 0 && value !== ''))
  return Object.fromEntries(kept)
}

test('chirpstack-v4 counts an uplink and its bytes, whatever else the server says', () => {
  const rule = ruleOf({ profile: 'chirpstack-v4' })
  fc.assert(
    fc.property(
      uplink,
      fc.boolean(),
      ({ eui: devEui, address: devAddr, counter, port, bytes, atMs, uuid, noise }, leaveOut) => {
        const own = sparse({ devAddr, fCnt: counter, fPort: port, data: base64(bytes) }, leaveOut)
        const time = new Date(atMs).toISOString()
        const payload = { ...noise, deduplicationId: uuid, time, deviceInfo: { devEui, applicationId: 'a' }, ...own }
        expect(oneEvent(rule, payload)).toMatchObject({
          id: uuid,
          subject: devEui,
          timeMs: atMs,
          facts: [['@sequence', BigInt(counter)]],
          measured: [{ quantity: 1n }, { meter: 'lorawan.payload_bytes', quantity: BigInt(bytes.length) }],
        })
      },
    ),
  )
})

test('the-things-stack-v3 counts an uplink and its bytes, whatever else the server says', () => {
  const rule = ruleOf({ profile: 'the-things-stack-v3' })
  fc.assert(
    fc.property(uplink, fc.boolean(), ({ eui: devEui, counter, port, bytes, atMs, noise }, leaveOut) => {
      const receivedAt = new Date(atMs).toISOString().replace('Z', '678901Z')
      const own = sparse({ f_cnt: counter, f_port: port, frm_payload: base64(bytes) }, leaveOut)
      const payload = {
        ...noise,
        end_device_ids: { device_id: 'dev', dev_eui: devEui, application_ids: { application_id: 'app' } },
        uplink_message: { ...noise, ...own, received_at: receivedAt },
      }
      expect(oneEvent(rule, payload)).toMatchObject({
        id: `dev/${counter}/${receivedAt}`,
        subject: devEui,
        timeMs: atMs,
        facts: [['@sequence', BigInt(counter)]],
        measured: [{ quantity: 1n }, { meter: 'lorawan.payload_bytes', quantity: BigInt(bytes.length) }],
      })
    }),
  )
})

test('helium-v1 and helium-console charge the same credits for the same uplinks', () => {
  const sizes = ruleOf({ profile: 'helium-v1' })
  const payloads = ruleOf({ profile: 'helium-console' })
  fc.assert(
    fc.property(uplink, ({ eui: devEui, address: devaddr, counter, port, bytes, atMs, noise }) => {
      const common = { ...noise, dev_eui: devEui, devaddr, fcnt: counter, port, reported_at: atMs }
      const sized = oneEvent(sizes, { ...common, payload_size: bytes.length })
      expect(oneEvent(payloads, { ...common, payload: base64(bytes) })).toEqual(sized)
      let credits = 0n
      for (let left = bytes.length; left > 0; left -= 24) credits += 1n
      expect(sized.measured).toEqual([
        { meter: 'lorawan.uplinks', quantity: 1n },
        { meter: 'lorawan.data_credits', quantity: credits },
      ])
    }),
  )
})

const reading = fc.record({
  device: fc.stringMatching(/^[a-z]{1,3}-[0-9]{1,4}$/),
  metric: fc.constantFrom('energy', 'water', 'gas'),
  value: fc.bigInt(0n, 2n ** 63n - 1n),
  ts: fc.integer({ min: 1, max: 4_000_000_000_000 }),
})

test('telemetry-array keeps every reading and its exact sum', () => {
  const rule = ruleOf({ profile: 'telemetry-array' })
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 30 }), (readings) => {
      const payload = readings.map(({ value, ...rest }) => ({
        ...rest,
        value: value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString(),
      }))
      const { events, rejected } = mapped(rule, payload)
      expect(rejected).toEqual([])
      expect(events.map(({ subject, timeMs, measured }) => [subject, timeMs, measured])).toEqual(
        readings.map(({ device, metric, value, ts }) => [device, ts, [{ meter: metric, quantity: value }]]),
      )
    }),
  )
})

// Each integer type with its number, the field it travels in, and its range.
const integerTypes = [
  { datatype: 1, field: 'int', least: -(2n ** 7n), most: 2n ** 7n - 1n },
  { datatype: 2, field: 'int', least: -(2n ** 15n), most: 2n ** 15n - 1n },
  { datatype: 3, field: 'int', least: -(2n ** 31n), most: 2n ** 31n - 1n },
  { datatype: 4, field: 'long', least: -(2n ** 63n), most: 2n ** 63n - 1n },
  { datatype: 5, field: 'int', least: 0n, most: 2n ** 8n - 1n },
  { datatype: 6, field: 'int', least: 0n, most: 2n ** 16n - 1n },
  { datatype: 7, field: 'int', least: 0n, most: 2n ** 32n - 1n },
  { datatype: 8, field: 'long', least: 0n, most: 2n ** 64n - 1n },
] as const
const metric = fc
  .constantFrom(...integerTypes)
  .chain(({ datatype, field, least, most }) =>
    fc.record({ datatype: fc.constant(datatype), field: fc.constant(field), value: fc.bigInt(least, most) }),
  )

test('sparkplug-b reads integers of every type, named or by the alias of a birth, for what they are', () => {
  const meters = [
    { meter: 'up', quantity: { at: '/value', part: 'positive' as const } },
    { meter: 'down', quantity: { at: '/value', part: 'negative' as const } },
  ]
  fc.assert(
    fc.property(fc.array(metric, { minLength: 1, maxLength: 12 }), fc.boolean(), (metrics, byAlias) => {
      const rule = ruleOf({ profile: 'sparkplug-b', meters })
      const born = metrics.map(({ datatype }, index) => ({ name: `m${index}`, alias: index, datatype, isNull: true }))
      mapped(rule, sparkplugBytes({ timestamp: 1, metrics: born }), { topic: 'spBv1.0/g/DBIRTH/n/d' })
      const sent = metrics.map(({ field, datatype, value }, index): TestMetric => {
        // A sign fills the field it travels in, as in every encoder that casts.
        const bits = BigInt.asUintN(field === 'int' ? 32 : 64, value)
        const named = byAlias ? { alias: index } : { name: `m${index}`, datatype }
        return { ...named, timestamp: 2, ...(field === 'int' ? { int: bits } : { long: bits }) }
      })
      const { events, rejected } = mapped(rule, sparkplugBytes({ timestamp: 2, metrics: sent }), {
        topic: 'spBv1.0/g/DDATA/n/d',
      })
      const tooLarge = metrics.filter(({ value }) => (value < 0n ? -value : value) >= 2n ** 63n).length
      expect(rejected.map(({ code }) => code)).toEqual(Array.from({ length: tooLarge }, () => 'quantity_too_large'))
      for (const { id, measured } of events) {
        const { value } = metrics[Number(/m([0-9]+)\/2$/.exec(id ?? '')?.[1])] ?? { value: 0n }
        expect(measured.map(({ quantity }) => quantity)).toEqual(value < 0n ? [0n, -value] : [value, 0n])
      }
      expect(events.length + tooLarge).toBe(metrics.length)
    }),
  )
})
