import { describe, expect, it } from 'vitest'
import type { Result } from '../base/errors.ts'
import { encodeDeterministic, type Deterministic } from '../integrity/deterministic-bytes.ts'
import { inclusionProof, verifyInclusion } from '../integrity/merkle.ts'
import { generateSigningKey, openSigningKey } from '../integrity/signature.ts'
import { trustedAgentId, trustedTenantId } from '../units/ids.ts'
import {
  assembleBody,
  batchHashOf,
  decodeHeader,
  encodeHeader,
  openBatchBody,
  sealBatch,
  verifyBatchSignature,
} from './batch-codec.ts'
import { batchLimits, type BatchHeader, type DecodedBatch } from './batch.ts'
import { OpenBatch } from './unit-codec.ts'
import { unitLeafHash } from './unit-leaves.ts'
import type { ClockReading } from './usage-record.ts'

const key = openSigningKey(generateSigningKey().privatePem)
const secret = new Uint8Array(32).fill(3)
const bootId = '00112233445566778899aabbccddeeff'
const sealedAt: ClockReading = { bootId, monotonicMs: 1000, wallMs: 1_790_000_000_000, syncState: 'synced' }

const strings = ['trk-0001', 'data.bytes', 'zone', 'eu', '', 'EUR', 'messages']
const anchor = [Buffer.from(bootId, 'hex'), 500, 1_790_000_000_000, 1]
const goodTables: Deterministic = [strings, [new Uint8Array(32).fill(1)], [anchor], ['lease-1']]
/** Positions: id, source, subject, time, anchor, received, snapshot, labels, facts, records. */
const goodUnit: readonly Deterministic[] = ['event-1', 0, 0, -5, 0, 7, 0, [2, 3], [2, 9], [1, 120, 3, [0, 5, 4]]]

/** What a hostile agent can do: sign anything it likes, with hashes that match. */
function signedByAgent(tables: Deterministic, units: readonly Deterministic[], recordCount = units.length) {
  const unitBytes = units.map(encodeDeterministic)
  const tablesDelta = encodeDeterministic(tables)
  const chunk = { tablesDelta, units: Buffer.concat(unitBytes), unitCount: units.length, recordCount }
  const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 1, seq: 1 }
  const previousHash = new Uint8Array(32)
  const sealed = sealBatch({ ...identity, chunks: [chunk], secret, previousHash, sealedAt, ratingVersion: 'm1' }, key)
  return { ...sealed, body: assembleBody(secret, sealed.tables, [chunk.units], units.length) }
}

function openedAs(tables: Deterministic, units: readonly Deterministic[], recordCount?: number): Result<DecodedBatch> {
  const { header, body } = signedByAgent(tables, units, recordCount)
  return openBatchBody(valueOf(decodeHeader(header)), body)
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.message}`)
  return result.value
}

const good = signedByAgent(goodTables, [goodUnit])
const goodHeader = valueOf(decodeHeader(good.header))

describe('a header', () => {
  it('is read back as it was sealed', () => {
    expect(goodHeader).toMatchObject({ tenant: 'acme', agent: 'gw-1', epoch: 1, seq: 1, unitCount: 1, recordCount: 1 })
    expect(goodHeader).toMatchObject({ sealedAt, ratingVersion: 'm1', previousHash: new Uint8Array(32) })
    expect(Buffer.from(encodeHeader(goodHeader))).toEqual(Buffer.from(good.header))
  })

  it('has the hash that is signed', () => {
    expect(verifyBatchSignature(key.publicKeyBase64, good.header, good.signature)).toEqual({
      ok: true,
      value: batchHashOf(good.header),
    })
    const other = generateSigningKey().publicKeyBase64
    expect(verifyBatchSignature(other, good.header, good.signature)).toMatchObject({
      fault: { code: 'batch_signature_invalid' },
    })
  })

  const layout: readonly Deterministic[] = [
    1,
    'acme',
    'gw-1',
    1,
    1,
    new Uint8Array(32),
    1,
    1,
    new Uint8Array(32),
    new Uint8Array(32),
    [Buffer.from(bootId, 'hex'), 1000, 1_790_000_000_000, 1],
    'm1',
  ]
  const withField = (at: number, value: Deterministic): Uint8Array => encodeDeterministic(layout.with(at, value))

  it('of the documented layout is accepted', () => {
    expect(decodeHeader(encodeDeterministic(layout))).toMatchObject({ ok: true })
  })

  it.each([
    { what: 'another format', bytes: withField(0, 2) },
    { what: 'a tenant that is no id', bytes: withField(1, '../acme') },
    { what: 'an empty agent', bytes: withField(2, '') },
    { what: 'epoch zero', bytes: withField(3, 0) },
    { what: 'seq zero', bytes: withField(4, 0) },
    { what: 'a negative seq', bytes: withField(4, -1) },
    { what: 'a seq over 2^53', bytes: withField(4, 2n ** 53n) },
    { what: 'a previous hash of 31 bytes', bytes: withField(5, new Uint8Array(31)) },
    { what: 'a previous hash in its first batch', bytes: withField(5, new Uint8Array(32).fill(1)) },
    { what: 'no units', bytes: withField(6, 0) },
    { what: 'more units than a batch holds', bytes: withField(6, batchLimits.units + 1) },
    { what: 'fewer records than units', bytes: withField(7, 0) },
    { what: 'a clock without a boot', bytes: withField(10, [new Uint8Array(15), 0, 0, 1]) },
    { what: 'a clock of an unknown state', bytes: withField(10, [new Uint8Array(16), 0, 0, 3]) },
    { what: 'no rating version', bytes: withField(11, '') },
    { what: 'a field less', bytes: encodeDeterministic(layout.slice(0, -1)) },
    { what: 'a field more', bytes: encodeDeterministic([...layout, 0]) },
    { what: 'a byte more', bytes: Buffer.concat([encodeDeterministic(layout), Buffer.of(0)]) },
    { what: 'nothing in it', bytes: new Uint8Array(0) },
  ])('with $what is malformed', ({ bytes }) => {
    expect(decodeHeader(bytes)).toMatchObject({ ok: false, fault: { code: 'batch_malformed' } })
  })

  it('that is too large is refused before it is read or hashed', () => {
    const large = new Uint8Array(batchLimits.headerBytes + 1)
    expect(decodeHeader(large)).toMatchObject({ fault: { code: 'batch_too_large' } })
    expect(verifyBatchSignature(key.publicKeyBase64, large, good.signature)).toMatchObject({
      fault: { code: 'batch_too_large' },
    })
  })
})

describe('a body', () => {
  it('of the documented layout is accepted', () => {
    const decoded = valueOf(openBatchBody(goodHeader, good.body))
    expect(decoded.units).toEqual([
      {
        eventId: 'event-1',
        source: 'trk-0001',
        subject: 'trk-0001',
        timeMs: 1_789_999_999_995,
        receivedMonotonicMs: 507,
        anchor: 0,
        snapshot: 0,
        labels: [['zone', 'eu']],
        facts: [['zone', 9n]],
        records: [
          {
            meter: 'data.bytes',
            quantity: 120n,
            preratedMicros: 3n,
            spends: [{ leaseId: 'lease-1', asset: 'EUR', amount: 4n }],
          },
        ],
      },
    ])
  })

  it('reveals single units with their salts for inclusion proofs, not the secret', () => {
    const units = ['a', 'b', 'c', 'd', 'e'].map((id) => goodUnit.with(0, id))
    const { header, body } = signedByAgent(goodTables, units)
    const { unitsRoot } = valueOf(decodeHeader(header))
    const decoded = valueOf(openBatchBody(valueOf(decodeHeader(header)), body))
    const leaves = units.map((_, index) => unitLeafHash(decoded.salt(index), decoded.unitBytes(index)))
    const proof = inclusionProof(leaves, 3)
    const leaf = unitLeafHash(decoded.salt(3), encodeDeterministic(units[3] ?? null))
    expect(verifyInclusion(leaf, 3, units.length, proof, unitsRoot)).toBe(true)
    const otherSalt = unitLeafHash(decoded.salt(2), decoded.unitBytes(3))
    expect(verifyInclusion(otherSalt, 3, units.length, proof, unitsRoot)).toBe(false)
    expect(new Set(units.map((_, index) => Buffer.from(decoded.salt(index)).toString('hex'))).size).toBe(5)
  })

  it('too large is refused before it is read', () => {
    const large = new Uint8Array(batchLimits.bodyBytes + 1)
    expect(openBatchBody(goodHeader, large)).toMatchObject({ fault: { code: 'batch_too_large' } })
  })

  const swapped = signedByAgent(goodTables, [goodUnit.with(0, 'event-2')])
  const otherTables = signedByAgent([strings.with(0, 'trk-0002'), [new Uint8Array(32)], [anchor], []], [goodUnit])
  const twoUnits = signedByAgent(goodTables, [goodUnit, goodUnit])
  it.each([
    { what: 'other units', body: swapped.body, code: 'batch_root_mismatch' },
    { what: 'other tables', body: otherTables.body, code: 'batch_tables_mismatch' },
    { what: 'more units', body: twoUnits.body, code: 'batch_count_mismatch' },
    { what: 'a byte missing', body: good.body.subarray(0, -1), code: 'batch_malformed' },
    { what: 'a byte more', body: Buffer.concat([good.body, Buffer.of(0)]), code: 'batch_malformed' },
    { what: 'nothing', body: new Uint8Array(0), code: 'batch_malformed' },
    { what: 'another secret', body: withByte(good.body, 10, 0xff), code: 'batch_tables_mismatch' },
  ])('with $what is refused as $code', ({ body, code }) => {
    expect(openBatchBody(goodHeader, body)).toMatchObject({ ok: false, fault: { code } })
  })

  it('with other units in the same order of bytes is told apart from a reordering', () => {
    const one = signedByAgent(goodTables, [goodUnit, goodUnit.with(0, 'event-2')])
    const turned = signedByAgent(goodTables, [goodUnit.with(0, 'event-2'), goodUnit])
    const header: BatchHeader = valueOf(decodeHeader(one.header))
    expect(openBatchBody(header, turned.body)).toMatchObject({ fault: { code: 'batch_root_mismatch' } })
  })
})

describe('what an agent signed is still refused', () => {
  it.each([
    { what: 'a field missing', unit: goodUnit.slice(0, -1) },
    { what: 'a field more', unit: [...goodUnit, null] },
    { what: 'an empty id', unit: goodUnit.with(0, '') },
    { what: 'an id too long', unit: goodUnit.with(0, 'i'.repeat(129)) },
    { what: 'a number for an id', unit: goodUnit.with(0, 5) },
    { what: 'a source outside the table', unit: goodUnit.with(1, strings.length) },
    { what: 'an empty source', unit: goodUnit.with(1, 4) },
    { what: 'an empty subject', unit: goodUnit.with(2, 4) },
    { what: 'a time before 1970', unit: goodUnit.with(3, -1_790_000_000_001) },
    { what: 'a time after 9999', unit: goodUnit.with(3, 253_402_300_799_999) },
    { what: 'a time no computer counts to', unit: goodUnit.with(3, 2n ** 60n) },
    { what: 'an anchor outside the table', unit: goodUnit.with(4, 1) },
    { what: 'an arrival before its anchor', unit: goodUnit.with(5, -1) },
    { what: 'an arrival no clock reaches', unit: goodUnit.with(5, Number.MAX_SAFE_INTEGER) },
    { what: 'a snapshot outside the table', unit: goodUnit.with(6, 1) },
    { what: 'half a label', unit: goodUnit.with(7, [2]) },
    { what: 'a label twice', unit: goodUnit.with(7, [2, 3, 2, 3]) },
    { what: 'labels out of order', unit: goodUnit.with(7, [2, 3, 1, 3]) },
    { what: 'an empty label key', unit: goodUnit.with(7, [4, 3]) },
    {
      what: 'too many labels',
      unit: goodUnit.with(
        7,
        Array.from({ length: 34 }, () => 2),
      ),
    },
    { what: 'facts out of order', unit: goodUnit.with(8, [2, 1, 1, 1]) },
    { what: 'a negative fact', unit: goodUnit.with(8, [2, -1]) },
    { what: 'a fact of 64 bits', unit: goodUnit.with(8, [2, 2n ** 63n]) },
    { what: 'no record', unit: goodUnit.with(9, []) },
    { what: 'three quarters of a record', unit: goodUnit.with(9, [1, 120, 3]) },
    { what: 'a meter twice', unit: goodUnit.with(9, [1, 120, 3, [], 1, 5, null, []]) },
    { what: 'an empty meter', unit: goodUnit.with(9, [4, 120, 3, []]) },
    { what: 'a negative quantity', unit: goodUnit.with(9, [1, -120, 3, []]) },
    { what: 'a quantity of 64 bits', unit: goodUnit.with(9, [1, 2n ** 63n, 3, []]) },
    { what: 'a text for a pre-rated amount', unit: goodUnit.with(9, [1, 120, '3', []]) },
    { what: 'null for spends', unit: goodUnit.with(9, [1, 120, 3, null]) },
    { what: 'two thirds of a spend', unit: goodUnit.with(9, [1, 120, 3, [0, 5]]) },
    { what: 'a lease outside the table', unit: goodUnit.with(9, [1, 120, 3, [1, 5, 4]]) },
    { what: 'an empty asset', unit: goodUnit.with(9, [1, 120, 3, [0, 4, 4]]) },
    { what: 'a negative spend', unit: goodUnit.with(9, [1, 120, 3, [0, 5, -4]]) },
    { what: 'too many spends', unit: goodUnit.with(9, [1, 120, 3, Array.from({ length: 27 }, () => 0)]) },
    { what: 'an array for an index', unit: goodUnit.with(1, [0]) },
  ])('a unit with $what', ({ unit }) => {
    expect(openedAs(goodTables, [unit])).toMatchObject({ ok: false, fault: { code: 'batch_malformed' } })
  })

  it.each([
    { what: 'a string twice', tables: [[...strings, 'eu'], [new Uint8Array(32)], [anchor], ['lease-1']] },
    { what: 'a string too long', tables: [[...strings, 's'.repeat(129)], [new Uint8Array(32)], [anchor], ['lease-1']] },
    { what: 'a number among the strings', tables: [[...strings, 5], [new Uint8Array(32)], [anchor], ['lease-1']] },
    { what: 'a snapshot twice', tables: [strings, [new Uint8Array(32), new Uint8Array(32)], [anchor], ['lease-1']] },
    { what: 'a snapshot of 31 bytes', tables: [strings, [new Uint8Array(31)], [anchor], ['lease-1']] },
    { what: 'an anchor without a state', tables: [strings, [new Uint8Array(32)], [anchor.slice(0, 3)], ['lease-1']] },
    { what: 'an anchor after 9999', tables: [strings, [new Uint8Array(32)], [anchor.with(2, 2 ** 52)], ['lease-1']] },
    { what: 'a lease twice', tables: [strings, [new Uint8Array(32)], [anchor], ['lease-1', 'lease-1']] },
    { what: 'an empty lease', tables: [strings, [new Uint8Array(32)], [anchor], ['lease-1', '']] },
  ])('tables with $what', ({ tables }) => {
    expect(openedAs(tables, [goodUnit])).toMatchObject({ ok: false, fault: { code: 'batch_malformed' } })
  })

  it('records that are not as many as the header counts', () => {
    expect(openedAs(goodTables, [goodUnit], 2)).toMatchObject({ fault: { code: 'batch_count_mismatch' } })
  })
})

describe('sealing', () => {
  it('of nothing is a bug', () => {
    expect(() => signedByAgent(goodTables, [])).toThrow(/empty batch/)
  })

  it('chains by the hash of the header', () => {
    const open = new OpenBatch()
    open.begin()
    const event = { id: 'e', source: 's', subject: 's', timeMs: 5, labels: [], facts: [] }
    open.append({ ...event, measured: [{ meter: 'm', quantity: 1n }] }, sealedAt, null, [], [])
    const chunks = [open.finish()]
    const identity = { tenant: trustedTenantId('acme'), agent: trustedAgentId('gw-1'), epoch: 1, ratingVersion: 'm1' }
    const previousHash = good.batchHash
    const second = sealBatch({ ...identity, chunks, secret, seq: 2, previousHash, sealedAt }, key)
    expect(valueOf(decodeHeader(second.header)).previousHash).toEqual(batchHashOf(good.header))
    expect(second.batchHash).toEqual(batchHashOf(second.header))
  })
})

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[at] = value
  return changed
}
