import { Decoder } from 'cbor-x'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionFailure, type Result } from '../base/errors.ts'
import { encodeDeterministic, type Deterministic } from '../integrity/deterministic-bytes.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import { trustedAgentId, trustedTenantId } from '../units/ids.ts'
import { largestQuantity } from '../units/quantity.ts'
import {
  assembleBody,
  decodeHeader,
  encodeHeader,
  openBatchBody,
  sealBatch,
  verifyBatchSignature,
  type SealInput,
} from './batch-codec.ts'
import { batchLimits, type BatchHeader, type DecodedBatch, type SealedBatch } from './batch.ts'
import { textFits, timeLimits, usageEventFault, usageEventLimits, type UsageEvent } from './usage-event.ts'
import { OpenBatch, type Chunk } from './unit-codec.ts'
import { receivedWallMs, type BatchTables, type ClockReading, type RatingUnit, type Spend } from './usage-record.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const secret = Uint8Array.from({ length: 32 }, (_, index) => index)
const sealing: Omit<SealInput, 'chunks'> = {
  secret,
  tenant: trustedTenantId('acme'),
  agent: trustedAgentId('gw-1'),
  epoch: 1,
  seq: 7,
  previousHash: new Uint8Array(32).fill(9),
  sealedAt: { bootId: '0'.repeat(32), monotonicMs: 1, wallMs: 2, syncState: 'synced' },
  ratingVersion: 'm1',
}

/** An event as an agent takes it: with the clocks at its arrival and what the edge decided about it. */
interface TakenEvent {
  readonly event: UsageEvent
  readonly received: ClockReading
  readonly snapshotHash: Uint8Array | null
  readonly prerated: readonly (bigint | null)[]
  readonly spends: readonly (readonly Spend[])[]
}

const limits = usageEventLimits
const quantity = fc.oneof(fc.bigInt({ min: 0n, max: 100_000n }), fc.bigInt({ min: 0n, max: largestQuantity }))

/** Storable texts of up to `maxBytes`: mostly short and plain, some with any character or as long as they may be. */
function textOf(maxBytes: number): fc.Arbitrary<string> {
  return fc
    .oneof(
      { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 12 }) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }) },
      { weight: 1, arbitrary: fc.constant('x'.repeat(maxBytes)) },
    )
    .filter((text) => textFits(text, maxBytes))
}

function sortedPairs<Value>(
  key: fc.Arbitrary<string>,
  value: fc.Arbitrary<Value>,
  maxLength: number,
): fc.Arbitrary<[string, Value][]> {
  return fc
    .uniqueArray(fc.tuple(key, value), { maxLength, selector: (pair) => pair[0] })
    .map((pairs) => pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Any event within the caps. */
const usageEvents: fc.Arbitrary<UsageEvent> = fc.record({
  id: fc.option(textOf(limits.idBytes)),
  source: textOf(limits.sourceBytes),
  subject: textOf(limits.subjectBytes),
  timeMs: fc.integer({ min: timeLimits.earliestMs, max: timeLimits.latestMs }),
  labels: sortedPairs(
    textOf(limits.labelKeyBytes),
    fc.oneof(fc.constant(''), textOf(limits.labelValueBytes)),
    limits.labels,
  ),
  facts: sortedPairs(textOf(limits.factKeyBytes), quantity, limits.facts),
  measured: fc.uniqueArray(fc.record({ meter: textOf(limits.meterBytes), quantity }), {
    minLength: 1,
    maxLength: limits.records,
    selector: ({ meter }) => meter,
  }),
})

const bootIds = fc.constantFrom('0123456789abcdef0123456789abcdef', 'ffffffffffffffffffffffffffffffff')

/** Clocks that mostly run on, and sometimes step, lose their synchronisation or belong to another boot. */
const clockReadings: fc.Arbitrary<ClockReading> = fc
  .record({
    bootId: bootIds,
    elapsedMs: fc.nat(10_000),
    stepMs: fc.constantFrom(0, 0, 0, 1, -2, 3, -5000),
    syncState: fc.constantFrom('synced', 'synced', 'synced', 'unsynced', 'unknown'),
  })
  .map(({ bootId, elapsedMs, stepMs, syncState }) => ({
    bootId,
    monotonicMs: 500_000 + elapsedMs,
    wallMs: 1_790_000_000_000 + elapsedMs + stepMs,
    syncState,
  }))

const spend = fc.record({
  leaseId: textOf(batchLimits.leaseIdBytes),
  asset: textOf(batchLimits.assetBytes),
  amount: quantity,
})
const spends = fc.array(spend, { maxLength: 3 })
const snapshotHashes = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]

/** Any event within the caps, as taken. */
const takenEvents: fc.Arbitrary<TakenEvent> = usageEvents.chain((event) =>
  fc.record({
    event: fc.constant(event),
    received: clockReadings,
    snapshotHash: fc.constantFrom(null, ...snapshotHashes),
    prerated: fc.array(
      fc.option(
        fc.oneof(
          quantity,
          quantity.map((micros) => -micros),
        ),
      ),
      { maxLength: event.measured.length },
    ),
    spends: fc.array(spends, { maxLength: event.measured.length }),
  }),
)

/** Events of one batch, as the group commits they came in. */
const commits = fc.array(fc.array(takenEvents, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })

function chunksOf(groups: readonly (readonly TakenEvent[])[]): Chunk[] {
  const open = new OpenBatch()
  return groups.map((group) => {
    open.begin()
    for (const { event, received, snapshotHash, prerated, spends } of group)
      open.append(event, received, snapshotHash, prerated, spends)
    return open.finish()
  })
}

function sealed(chunks: readonly Chunk[]): SealedBatch {
  const { header, signature, tables } = sealBatch({ ...sealing, chunks }, key)
  const unitCount = chunks.reduce((count, chunk) => count + chunk.unitCount, 0)
  const units = chunks.map((chunk) => chunk.units)
  return { header, signature, body: assembleBody(secret, tables, units, unitCount) }
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.message}`)
  return result.value
}

function opened(batch: SealedBatch): { header: BatchHeader; decoded: DecodedBatch } {
  valueOf(verifyBatchSignature(key.publicKeyBase64, batch.header, batch.signature))
  const header = valueOf(decodeHeader(batch.header))
  return { header, decoded: valueOf(openBatchBody(header, batch.body)) }
}

/** The layout of a unit as docs/formats.md tells it, made from the decoded unit by the plain encoder. */
function unitLayout(unit: RatingUnit, tables: BatchTables): Deterministic {
  const text = (value: string): number => tables.strings.indexOf(value)
  const anchor = tables.anchors[unit.anchor]
  return [
    unit.eventId,
    text(unit.source),
    text(unit.subject),
    unit.timeMs - (anchor?.wallMs ?? Number.NaN),
    unit.anchor,
    unit.receivedMonotonicMs - (anchor?.monotonicMs ?? Number.NaN),
    unit.snapshot,
    unit.labels.flatMap(([name, value]) => [text(name), text(value)]),
    unit.facts.flatMap(([name, value]) => [text(name), value]),
    unit.records.flatMap(({ meter, quantity, preratedMicros, spends }) => [
      text(meter),
      quantity,
      preratedMicros,
      spends.flatMap(({ leaseId, asset, amount }) => [tables.leases.indexOf(leaseId), text(asset), amount]),
    ]),
  ]
}

function tablesLayout(tables: BatchTables): Deterministic {
  const sync = ['unknown', 'synced', 'unsynced']
  return [
    tables.strings,
    tables.snapshots,
    tables.anchors.map(({ bootId, monotonicMs, wallMs, syncState }) => [
      Buffer.from(bootId, 'hex'),
      monotonicMs,
      wallMs,
      sync.indexOf(syncState),
    ]),
    tables.leases,
  ]
}

function bodyLayout({ tables, units }: DecodedBatch): Uint8Array {
  return encodeDeterministic([secret, tablesLayout(tables), units.map((unit) => unitLayout(unit, tables))])
}

describe('a sealed batch', () => {
  it('gives back every event as it was taken', () => {
    fc.assert(
      fc.property(commits, (groups) => {
        const { decoded } = opened(sealed(chunksOf(groups)))
        const { anchors, snapshots } = decoded.tables
        const taken = groups.flat()
        expect(taken.map(({ event }) => usageEventFault(event))).toEqual(taken.map(() => null))
        const back = decoded.units.map((unit) => ({
          id: unit.eventId,
          source: unit.source,
          subject: unit.subject,
          timeMs: unit.timeMs,
          labels: unit.labels,
          facts: unit.facts,
          records: unit.records,
          snapshotHash: unit.snapshot === null ? null : snapshots[unit.snapshot],
          receivedMonotonicMs: unit.receivedMonotonicMs,
          bootId: anchors[unit.anchor]?.bootId,
          syncState: anchors[unit.anchor]?.syncState,
        }))
        expect(back).toEqual(
          taken.map(({ event, received, snapshotHash, prerated, spends }) => ({
            id: event.id,
            source: event.source,
            subject: event.subject,
            timeMs: event.timeMs,
            labels: event.labels,
            facts: event.facts,
            records: event.measured.map(({ meter, quantity }, index) => ({
              meter,
              quantity,
              preratedMicros: prerated[index] ?? null,
              spends: spends[index] ?? [],
            })),
            snapshotHash,
            receivedMonotonicMs: received.monotonicMs,
            bootId: received.bootId,
            syncState: received.syncState,
          })),
        )
        const driftsMs = decoded.units.map((unit, index) => {
          const anchor = anchors[unit.anchor]
          const wallMs = anchor === undefined ? Number.NaN : receivedWallMs(unit, anchor)
          return Math.abs(wallMs - (taken[index]?.received.wallMs ?? Number.NaN))
        })
        expect(Math.max(...driftsMs)).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('has the documented layout, byte for byte, also to an independent decoder', () => {
    const independent = new Decoder({ mapsAsObjects: true, useRecords: false })
    fc.assert(
      fc.property(commits, (groups) => {
        const batch = sealed(chunksOf(groups))
        const { header, decoded } = opened(batch)
        const { tables, units } = decoded
        units.forEach((unit, index) => {
          const layout = encodeDeterministic(unitLayout(unit, tables))
          expect(Buffer.from(decoded.unitBytes(index))).toEqual(Buffer.from(layout))
        })
        expect(Buffer.from(batch.body)).toEqual(Buffer.from(bodyLayout(decoded)))
        expect(Buffer.from(batch.header)).toEqual(Buffer.from(encodeHeader(header)))
        const read = independent.decode(batch.body) as [Uint8Array, unknown, unknown[]]
        expect(read[2].length).toBe(units.length)
        expect(encodeDeterministic(read as unknown as Deterministic)).toEqual(bodyLayout(decoded))
      }),
      { numRuns: 60 },
    )
  })

  it('is the same whether it grew in one run or was restored from its chunks on the way', () => {
    fc.assert(
      fc.property(commits, commits, (before, after) => {
        const chunks = chunksOf(before)
        const restored = valueOf(OpenBatch.restore(chunks))
        for (const group of after) {
          restored.begin()
          for (const { event, received, snapshotHash, prerated, spends } of group)
            restored.append(event, received, snapshotHash, prerated, spends)
          chunks.push(restored.finish())
        }
        expect(sealed(chunks)).toEqual(sealed(chunksOf([...before, ...after])))
      }),
      { numRuns: 60 },
    )
  })

  it('knows nothing of a chunk that was rolled back, begun or finished', () => {
    fc.assert(
      fc.property(commits, commits, fc.boolean(), (kept, lost, finished) => {
        const open = new OpenBatch()
        const chunks: Chunk[] = []
        const fill = (group: readonly TakenEvent[]): void => {
          open.begin()
          for (const { event, received, snapshotHash, prerated, spends } of group)
            open.append(event, received, snapshotHash, prerated, spends)
        }
        kept.forEach((group, index) => {
          const { unitCount, recordCount, bytes } = open
          fill(lost[index % lost.length] ?? [])
          if (finished) open.finish()
          open.rollback()
          expect([open.unitCount, open.recordCount, open.bytes]).toEqual([unitCount, recordCount, bytes])
          fill(group)
          chunks.push(open.finish())
        })
        expect(sealed(chunks)).toEqual(sealed(chunksOf(kept)))
      }),
      { numRuns: 60 },
    )
  })

  it('never takes more bytes than the open batch said', () => {
    fc.assert(
      fc.property(commits, (groups) => {
        const open = new OpenBatch()
        const chunks: Chunk[] = []
        const said: number[] = []
        for (const group of groups) {
          open.begin()
          for (const { event, received, snapshotHash, prerated, spends } of group)
            open.append(event, received, snapshotHash, prerated, spends)
          said.push(open.bytes)
          chunks.push(open.finish())
          said.push(open.bytes)
        }
        expect(Math.min(...said.slice(-2))).toBeGreaterThanOrEqual(sealed(chunks).body.length)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a batch that an agent signed whatever is in it', () => {
  it('is refused, or is exactly the layout of what it is decoded to', () => {
    const change = fc.record({ part: fc.constantFrom('tablesDelta', 'units'), at: fc.nat(), byte: fc.nat(255) })
    fc.assert(
      fc.property(commits, fc.array(change, { minLength: 1, maxLength: 2 }), (groups, changes) => {
        const [first, ...rest] = chunksOf(groups)
        const hostile = { ...(first ?? { units: secret, tablesDelta: secret, unitCount: 0, recordCount: 0 }) }
        for (const { part, at, byte } of changes) {
          const bytes = Uint8Array.from(hostile[part])
          // Half of the changes are small ones, which more often leave something readable.
          bytes[at % bytes.length] = at % 2 === 0 ? byte : (bytes[at % bytes.length] ?? 0) ^ (1 << (byte % 4))
          hostile[part] = bytes
        }
        const batch = sealedIfReadable([hostile, ...rest])
        const header = batch === null ? null : decodeHeader(batch.header)
        const decoded = batch === null || !header?.ok ? null : openBatchBody(header.value, batch.body)
        const again = decoded?.ok ? bodyLayout(decoded.value) : batch?.body
        const refusal = decoded === null || decoded.ok ? 'batch_malformed' : decoded.fault.code
        expect(again === undefined ? null : Buffer.from(again)).toEqual(batch === null ? null : Buffer.from(batch.body))
        expect(['batch_malformed', 'batch_count_mismatch']).toContain(refusal)
      }),
      { numRuns: 400 },
    )
  })
})

/** Sealing asserts that the units of its chunks can be told apart; a hostile agent cannot get further than that either. */
function sealedIfReadable(chunks: readonly Chunk[]): SealedBatch | null {
  try {
    return sealed(chunks)
  } catch (error) {
    if (error instanceof AssertionFailure) return null
    throw error
  }
}
