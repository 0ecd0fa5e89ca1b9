import { parser, type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { EventIds, publishTemplate } from './publish-template.ts'

const startMs = 1_790_000_000_000

describe.each(['ordered', 'random'] as const)('%s ids', (order) => {
  const bytes = Buffer.alloc(36)
  const take = (ids: EventIds, count: number): string[] =>
    Array.from({ length: count }, () => {
      ids.write(bytes, 0)
      return bytes.toString('latin1')
    })

  test('are 36 hexadecimal digits and never the same, within a run and between runs', () => {
    const written = [...take(new EventIds(order, startMs), 20_000), ...take(new EventIds(order, startMs), 20_000)]
    expect(written.every((id) => /^[0-9a-f]{36}$/.test(id))).toBe(true)
    expect(new Set(written).size).toBe(40_000)
  })

  test('follow the order of time only when asked to', () => {
    const written = take(new EventIds(order, startMs), 100)
    const sorted = written.toSorted((a, b) => (a < b ? -1 : 1))
    expect(written.every((id, index) => id === sorted[index])).toBe(order === 'ordered')
  })
})

test.each([10, 300])('a template is a PUBLISH whose ids stand where it says, payload of %i characters more', (more) => {
  const template = publishTemplate('meter/v1/load-0/usage', (id) => JSON.stringify({ id, more: 'x'.repeat(more) }))
  template.bytes.writeUInt16BE(513, template.packetIdAt)
  template.bytes.fill('z', template.eventIdAt, template.eventIdAt + 36)
  const packets: Packet[] = []
  const reader = parser()
  reader.on('packet', (packet) => packets.push(packet))
  reader.parse(template.bytes)
  const payload = Buffer.from(JSON.stringify({ id: 'z'.repeat(36), more: 'x'.repeat(more) }))
  expect(packets).toMatchObject([{ cmd: 'publish', topic: 'meter/v1/load-0/usage', qos: 1, messageId: 513, payload }])
})
