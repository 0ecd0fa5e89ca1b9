import { describe, expect, test } from 'vitest'
import { generate } from 'mqtt-packet'
import { FrameReader, frameStatus, PublishView } from './mqtt-frames.ts'

const publish = (payloadBytes: number, qos: 0 | 1 | 2 = 1): Buffer =>
  generate({
    cmd: 'publish',
    topic: 'meter/v1/d/usage',
    payload: Buffer.alloc(payloadBytes, 0x61),
    qos,
    dup: false,
    retain: false,
    messageId: 513,
  })

describe('heads', () => {
  const heads: readonly [string, readonly number[], string][] = [
    ['nothing', [], 'needMore'],
    ['a type alone', [0x30], 'needMore'],
    ['an unfinished length', [0x30, 0x80], 'needMore'],
    ['four bytes of an unfinished length', [0x30, 0xff, 0xff, 0xff], 'needMore'],
    ['a length of more than four bytes', [0x30, 0xff, 0xff, 0xff, 0xff], 'malformed'],
    ['a length of more than four bytes, its last byte small', [0x30, 0x80, 0x80, 0x80, 0x80, 0x01], 'malformed'],
    ['a packet without a body', [0xc0, 0x00], 'frame'],
    ['a length written longer than it needs to be', [0xc0, 0x80, 0x00], 'frame'],
    ['the limit', [0x30, 100, ...new Uint8Array(100)], 'frame'],
    ['one over the limit', [0x30, 101], 'oversized'],
    ['the largest length there is', [0x30, 0xff, 0xff, 0xff, 0x7f], 'oversized'],
  ]
  test.each(heads)('%s', (_name, bytes, expected) => {
    const whole = new FrameReader(100)
    whole.push(Buffer.from(bytes))
    expect(whole.next()).toBe(frameStatus[expected as keyof typeof frameStatus])

    const byteByByte = new FrameReader(100)
    let status: number = frameStatus.needMore
    for (const byte of bytes) {
      byteByByte.push(Buffer.of(byte))
      status = byteByByte.next()
      if (status !== frameStatus.needMore) break
    }
    expect(status).toBe(frameStatus[expected as keyof typeof frameStatus])
  })
})

describe('the reader', () => {
  test('does not reserve what a head promises', () => {
    const reader = new FrameReader(1_000_000)
    reader.push(Buffer.from([0x30, 0xc0, 0x84, 0x3d, 1, 2, 3]))
    expect(reader.next()).toBe(frameStatus.needMore)
    expect(reader.heldBytes).toBeLessThanOrEqual(1024)
  })

  test('keeps a packet it has found while the next chunk comes', () => {
    const reader = new FrameReader(1000)
    reader.push(Buffer.from([0xc0]))
    expect(reader.next()).toBe(frameStatus.needMore)
    reader.push(Buffer.from([0x00, 0xd0, 0x00]))
    expect(reader.next()).toBe(frameStatus.frame)
    const first = reader.bytes.subarray(reader.start, reader.end)
    expect(reader.next()).toBe(frameStatus.frame)
    expect(first).toEqual(Buffer.from([0xc0, 0x00]))
    expect(reader.bytes.subarray(reader.start, reader.end)).toEqual(Buffer.from([0xd0, 0x00]))
  })

  test('holds nothing once everything has been given out', () => {
    const reader = new FrameReader(1000)
    const bytes = publish(300)
    for (let at = 0; at < bytes.length; at += 7) {
      reader.push(bytes.subarray(at, at + 7))
      reader.next()
    }
    expect(reader.heldBytes).toBe(0)
  })

  const cuts = [1, 2, 3, 50, 999, 5000]
  test.each(cuts)('cuts an oversized packet down, in chunks of %i bytes, and goes on behind it', (chunkBytes) => {
    const reader = new FrameReader(100)
    const stream = Buffer.concat([publish(10), publish(5000), publish(20)])
    const found: [number, boolean][] = []
    for (let at = 0; at < stream.length; at += chunkBytes) {
      reader.push(stream.subarray(at, at + chunkBytes))
      for (let status = reader.next(); status !== frameStatus.needMore; status = reader.next()) {
        if (status === frameStatus.oversized) reader.truncate()
        else found.push([reader.end - reader.bodyStart, reader.truncated])
      }
      expect(reader.heldBytes).toBeLessThanOrEqual(2 * 1024 + chunkBytes)
    }
    expect(found).toEqual([
      [30, false],
      [100, true],
      [40, false],
    ])
  })
})

describe('a PUBLISH that is malformed', () => {
  const bodies: readonly [string, readonly number[]][] = [
    ['both QoS bits', [0x36, 5, 0, 1, 0x61, 0, 1]],
    ['no topic length', [0x30, 1, 0]],
    ['a topic longer than the packet', [0x30, 4, 0, 3, 0x61, 0x62]],
    ['no room for the packet id', [0x32, 4, 0, 1, 0x61, 0]],
    ['a packet id of zero', [0x32, 5, 0, 1, 0x61, 0, 0]],
    ['nothing at all', [0x32, 0]],
  ]
  test.each(bodies)('%s', (_name, bytes) => {
    const reader = new FrameReader(100)
    reader.push(Buffer.from(bytes))
    expect(reader.next()).toBe(frameStatus.frame)
    expect(new PublishView().read(reader)).toBe(false)
  })
})
