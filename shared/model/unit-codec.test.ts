import { describe, expect, it } from 'vitest'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import { trustedAgentId, trustedTenantId } from '../units/ids.ts'
import { assembleBody, decodeHeader, openBatchBody, sealBatch } from './batch-codec.ts'
import { batchLimits, type DecodedBatch } from './batch.ts'
import { OpenBatch, type Chunk } from './unit-codec.ts'
import { usageEventFault, type UsageEvent } from './usage-event.ts'
import type { ClockReading, Spend } from './usage-record.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const secret = new Uint8Array(32).fill(3)
const bootId = '00112233445566778899aabbccddeeff'
const clock: ClockReading = { bootId, monotonicMs: 86_400_000, wallMs: 1_790_000_000_000, syncState: 'synced' }
const snapshotHash = new Uint8Array(32).fill(0x5a)

const event: UsageEvent = {
  id: 'event-1',
  source: 'trk-0001',
  subject: 'trk-0001',
  timeMs: 1_790_000_000_000,
  labels: [],
  facts: [],
  measured: [{ meter: 'data.bytes', quantity: 120n }],
}

function sealedParts(chunks: readonly Chunk[]) {
  const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 1, seq: 1 }
  const previousHash = new Uint8Array(32)
  const sealed = sealBatch({ ...identity, chunks, secret, previousHash, sealedAt: clock, ratingVersion: 'm1' }, key)
  const unitCount = chunks.reduce((count, chunk) => count + chunk.unitCount, 0)
  const units = chunks.map((chunk) => chunk.units)
  return { ...sealed, body: assembleBody(secret, sealed.tables, units, unitCount) }
}

function decoded(chunks: readonly Chunk[]): DecodedBatch {
  const { header, body } = sealedParts(chunks)
  const read = decodeHeader(header)
  if (!read.ok) throw new Error(read.fault.message)
  const opened = openBatchBody(read.value, body)
  if (!opened.ok) throw new Error(opened.fault.message)
  return opened.value
}

function chunkOf(open: OpenBatch, readings: readonly ClockReading[]): Chunk {
  open.begin()
  for (const reading of readings) open.append(event, reading, null, [], [])
  return open.finish()
}

describe('clock anchors', () => {
  const later = (elapsedMs: number, change: Partial<ClockReading> = {}): ClockReading => ({
    ...clock,
    monotonicMs: clock.monotonicMs + elapsedMs,
    wallMs: clock.wallMs + elapsedMs,
    ...change,
  })
  it.each([
    { what: 'clocks that run on together', next: later(60_000), anchors: 1 },
    { what: 'a wall clock two milliseconds ahead', next: later(60_000, { wallMs: clock.wallMs + 60_002 }), anchors: 1 },
    {
      what: 'a wall clock two milliseconds behind',
      next: later(60_000, { wallMs: clock.wallMs + 59_998 }),
      anchors: 1,
    },
    {
      what: 'a wall clock three milliseconds ahead',
      next: later(60_000, { wallMs: clock.wallMs + 60_003 }),
      anchors: 2,
    },
    { what: 'a wall clock set back an hour', next: later(60_000, { wallMs: clock.wallMs - 3_600_000 }), anchors: 2 },
    { what: 'a lost synchronisation', next: later(60_000, { syncState: 'unsynced' }), anchors: 2 },
    { what: 'another boot', next: later(60_000, { bootId: 'f'.repeat(32) }), anchors: 2 },
    { what: 'a monotonic clock that starts anew', next: later(-1), anchors: 2 },
  ])('$what: $anchors', ({ next, anchors }) => {
    const { tables, units } = decoded([chunkOf(new OpenBatch(), [clock, next])])
    expect(tables.anchors.length).toBe(anchors)
    expect(units[1]).toMatchObject({ anchor: anchors - 1, receivedMonotonicMs: next.monotonicMs })
  })

  it('go on over chunks and restarts as long as the clocks do', () => {
    const open = new OpenBatch()
    const chunks = [chunkOf(open, [clock]), chunkOf(open, [later(5)])]
    const restored = OpenBatch.restore(chunks)
    if (!restored.ok) throw new Error(restored.fault.message)
    chunks.push(chunkOf(restored.value, [later(9)]), chunkOf(restored.value, [later(1, { bootId: 'f'.repeat(32) })]))
    const { tables, units } = decoded(chunks)
    expect(tables.anchors.map((anchor) => anchor.bootId)).toEqual([bootId, 'f'.repeat(32)])
    expect(units.map((unit) => unit.anchor)).toEqual([0, 0, 0, 1])
  })

  it('keep the reading as it was when its object is used again', () => {
    const reused = { ...clock }
    const open = new OpenBatch()
    open.begin()
    open.append(event, reused, null, [], [])
    reused.wallMs += 3_600_000
    open.append(event, reused, null, [], [])
    expect(decoded([open.finish()]).tables.anchors.length).toBe(2)
  })
})

describe('an open batch', () => {
  it('interns texts, snapshots and leases over all chunks', () => {
    const open = new OpenBatch()
    const spends: Spend[][] = [[{ leaseId: 'lease-1', asset: 'EUR', amount: 5n }]]
    const chunks: Chunk[] = []
    for (const hash of [snapshotHash, Uint8Array.from(snapshotHash), new Uint8Array(32), snapshotHash]) {
      open.begin()
      open.append(event, clock, hash, [7n], spends)
      chunks.push(open.finish())
    }
    const { tables, units } = decoded(chunks)
    expect(tables.strings).toEqual(['trk-0001', 'data.bytes', 'EUR'])
    expect(tables.leases).toEqual(['lease-1'])
    expect(units.map((unit) => unit.snapshot)).toEqual([0, 0, 1, 0])
    expect(chunks[1]?.tablesDelta).toEqual(Uint8Array.of(0x84, 0x80, 0x80, 0x80, 0x80))
  })

  it('is full in time for the largest event there can be, whatever comes', () => {
    const wide = (byte: number, count: number): string => `${String(byte).padStart(3, '0')}`.padEnd(count, 'x')
    const largest = (seed: number): UsageEvent => {
      const unique = (index: number): string => `${seed}-${String(index).padStart(2, '0')}-`
      const measured = Array.from({ length: 16 }, (_, index) => ({
        meter: unique(index).padEnd(64, 'm'),
        quantity: 2n ** 63n - 1n,
      }))
      return {
        id: unique(0).padEnd(128, 'i'),
        source: unique(0).padEnd(128, 's'),
        subject: unique(0).padEnd(128, 'u'),
        timeMs: 0,
        labels: measured.map((_, index) => [unique(index).padEnd(64, 'k'), unique(index).padEnd(128, 'v')]),
        facts: measured.slice(0, 8).map((_, index) => [unique(index).padEnd(64, 'f'), 2n ** 63n - 1n]),
        measured,
      }
    }
    const open = new OpenBatch()
    open.begin()
    let count = 0
    for (; !open.full; count++) {
      const taken = largest(count)
      expect(usageEventFault(taken)).toBeNull()
      const spends = taken.measured.map((_, record) =>
        Array.from({ length: 8 }, (_none, index) => ({
          leaseId: wide(record * 8 + index, 32) + String(count).padStart(32, 'l'),
          asset: wide(record * 8 + index, 32) + String(count).padStart(32, 'a'),
          amount: 2n ** 63n - 1n,
        })),
      )
      const amounts = taken.measured.map(() => 2n ** 63n - 1n)
      const reading = { ...clock, bootId: String(count).padStart(32, '0') }
      open.append(taken, reading, new Uint8Array(32).fill(count), amounts, spends)
    }
    const chunks = [open.finish()]
    expect(decoded(chunks).units.length).toBe(count)
    expect(sealedParts(chunks).body.length).toBeLessThanOrEqual(batchLimits.bodyBytes)
    expect(sealedParts(chunks).body.length).toBeGreaterThan(batchLimits.bodyBytes - 2 * batchLimits.unitBytes)
  })

  it('that is full or has no chunk begun takes nothing', () => {
    const open = new OpenBatch()
    expect(() => open.append(event, clock, null, [], [])).toThrow(/begun/)
    open.begin()
    while (!open.full) open.append(event, clock, null, [], [])
    expect(open.unitCount).toBe(batchLimits.units)
    expect(() => open.append(event, clock, null, [], [])).toThrow(/not full/)
  })

  it('can be rolled back after an event that could not be encoded', () => {
    const open = new OpenBatch()
    const before = chunkOf(open, [clock])
    open.begin()
    expect(() => open.append({ ...event, id: 'lone \ud800' }, clock, null, [], [])).toThrow(/surrogate/)
    open.rollback()
    expect(decoded([before, chunkOf(open, [clock])]).units.length).toBe(2)
  })
})

describe('restoring refuses', () => {
  const chunk = chunkOf(new OpenBatch(), [clock, clock])
  const changed = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, index) => (index === at ? byte ^ 0x80 : byte))
  it.each([
    { what: 'units cut off', damaged: { ...chunk, units: chunk.units.subarray(0, -1) } },
    { what: 'a unit more than counted', damaged: { ...chunk, unitCount: 1, recordCount: 1 } },
    { what: 'a unit less than counted', damaged: { ...chunk, unitCount: 3 } },
    { what: 'another number of records', damaged: { ...chunk, recordCount: 3 } },
    { what: 'a changed unit', damaged: { ...chunk, units: changed(chunk.units, 0) } },
    { what: 'a changed index', damaged: { ...chunk, units: changed(chunk.units, 9) } },
    { what: 'tables cut off', damaged: { ...chunk, tablesDelta: chunk.tablesDelta.subarray(0, -1) } },
    { what: 'tables that are another thing', damaged: { ...chunk, tablesDelta: Uint8Array.of(0x80) } },
    { what: 'tables it already has', damaged: chunk },
  ])('$what', ({ what, damaged }) => {
    const chunks = what === 'tables it already has' ? [chunk, damaged] : [damaged]
    expect(OpenBatch.restore(chunks)).toMatchObject({ ok: false, fault: { code: 'chunk_malformed' } })
  })
})

describe('the size on the wire', () => {
  /** AI calls like those of the Azure trace: numbered ids, two records, a model, a total, times years before the anchor. */
  const call = (index: number): UsageEvent => ({
    id: `azure-conv-${String(index + 1).padStart(6, '0')}`,
    source: 'ai-server-1',
    subject: 'ai-server-1',
    timeMs: 1_700_158_546_680 + 187 * index,
    labels: [['gen_ai.response.model', 'gpt-4o-2024-08-06']],
    facts: [['ai.total_input_tokens', BigInt(374 + ((index * 7919) % 7000))]],
    measured: [
      { meter: 'ai.input_tokens', quantity: BigInt(374 + ((index * 7919) % 7000)) },
      { meter: 'ai.output_tokens', quantity: BigInt(44 + ((index * 31) % 900)) },
    ],
  })

  it.each([
    { unitsPerBatch: 1000, most: 30 },
    { unitsPerBatch: 200, most: 31 },
  ])('of an AI call with two records is at most 40 bytes a record in batches of $unitsPerBatch', (limits) => {
    const open = new OpenBatch()
    const chunks: Chunk[] = []
    for (let index = 0; index < limits.unitsPerBatch; index += 50) {
      open.begin()
      for (let at = index; at < index + 50; at++) {
        const reading = { ...clock, monotonicMs: clock.monotonicMs + at, wallMs: clock.wallMs + at }
        open.append(call(at), reading, snapshotHash, [1122n, 660n], [])
      }
      chunks.push(open.finish())
    }
    const { header, signature, body } = sealedParts(chunks)
    const bytesPerRecord = (header.length + signature.length + body.length) / open.recordCount
    expect(open.recordCount).toBe(2 * limits.unitsPerBatch)
    expect(bytesPerRecord).toBeLessThanOrEqual(40)
    // The documentation states this figure; it moves only on purpose.
    expect(Math.ceil(bytesPerRecord)).toBe(limits.most)
  })
})
