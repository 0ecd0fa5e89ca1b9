import { assertThat, failed, fault, ok, type Result } from '../base/errors.ts'
import { DeterministicReader, type BytesFaultCode } from '../integrity/deterministic-reader.ts'
import { DeterministicWriter } from '../integrity/deterministic-writer.ts'
import { bytesOfBinary, equalBytes, hashBytes, sha256 } from '../integrity/hash.ts'
import { merkleRootBinary } from '../integrity/merkle.ts'
import { deriveSalts, saltBytes, secretBytes } from '../integrity/salts.ts'
import { verifySignature, type SigningKey } from '../integrity/signature.ts'
import { parseAgentId, parseTenantId, type AgentId, type TenantId } from '../units/ids.ts'
import { batchLimits, type BatchFault, type BatchFaultCode, type BatchHeader, type DecodedBatch } from './batch.ts'
import { mergeTables, readClockReading, readTables, writeClockReading } from './tables-codec.ts'
import { locateUnits, unitLeaves } from './unit-leaves.ts'
import { readUnit } from './unit-decoder.ts'
import type { Chunk } from './unit-codec.ts'
import type { BatchTables, ClockReading, RatingUnit } from './usage-record.ts'

/** What batch signatures are made under. */
export const batchSignatureContext = 'meterline-batch-v1'

const batchFormat = 1
const headerFields = 12
const bodyFields = 3

/** What sealing needs to know beside the chunks. */
export interface SealInput {
  readonly chunks: readonly Chunk[]
  /** 32 random bytes; the salts of this batch come from it. */
  readonly secret: Uint8Array
  readonly tenant: TenantId
  readonly agent: AgentId
  readonly epoch: number
  readonly seq: number
  /** 32 bytes; zeros for seq 1. */
  readonly previousHash: Uint8Array
  readonly sealedAt: ClockReading
  readonly ratingVersion: string
}

/** A sealed batch without its units, which stay in the chunks until `assembleBody`. */
export interface Sealed {
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly tables: Uint8Array
  readonly batchHash: Uint8Array
}

/**
 * Seals the chunks of an open batch: merges their tables, commits to every unit, signs the hash of the header. The chunks
 * are ones that an `OpenBatch` finished or accepted in `restore`; anything else is a bug.
 */
export function sealBatch(input: SealInput, key: SigningKey): Sealed {
  const { chunks, secret, tenant, agent, epoch, seq, previousHash, sealedAt, ratingVersion } = input
  const unitCount = chunks.reduce((sum, chunk) => sum + chunk.unitCount, 0)
  const recordCount = chunks.reduce((sum, chunk) => sum + chunk.recordCount, 0)
  assertThat(unitCount > 0, 'an empty batch is never sealed')
  const merged = mergeTables(chunks.map((chunk) => chunk.tablesDelta))
  assertThat(merged.ok, 'the chunks of a batch have readable tables')
  const salts = deriveSalts(secret, unitCount + 1)
  const leaves: string[] = []
  for (const chunk of chunks) {
    const positions = locateUnits(new DeterministicReader(chunk.units), chunk.unitCount)
    assertThat(
      positions !== null && positions.at(-1) === chunk.units.length,
      'the chunks of a batch have readable units',
    )
    unitLeaves(chunk.units, positions, salts, leaves)
  }
  const header = encodeHeader({
    tenant,
    agent,
    epoch,
    seq,
    previousHash,
    unitCount,
    recordCount,
    unitsRoot: bytesOfBinary(merkleRootBinary(leaves)),
    tablesHash: tablesHashOf(salts, merged.value),
    sealedAt,
    ratingVersion,
  })
  const batchHash = batchHashOf(header)
  return { header, signature: key.sign(batchSignatureContext, batchHash), tables: merged.value, batchHash }
}

/** The body of a sealed batch: concatenation, never a re-encode. `units` are the chunks' unit bytes in order. */
export function assembleBody(
  secret: Uint8Array,
  tables: Uint8Array,
  units: readonly Uint8Array[],
  unitCount: number,
): Uint8Array {
  const unitsBytes = units.reduce((sum, part) => sum + part.length, 0)
  const writer = new DeterministicWriter(secret.length + tables.length + unitsBytes + 16)
  writer.arrayHead(bodyFields)
  writer.bytes(secret)
  writer.raw(tables)
  writer.arrayHead(unitCount)
  for (const part of units) writer.raw(part)
  return writer.copy()
}

/** The bytes of a header (docs/formats.md, "Batch header"). */
export function encodeHeader(header: BatchHeader): Uint8Array {
  const writer = new DeterministicWriter(512)
  writer.arrayHead(headerFields)
  writer.uint(batchFormat)
  writer.text(header.tenant)
  writer.text(header.agent)
  writer.uint(header.epoch)
  writer.uint(header.seq)
  writer.bytes(header.previousHash)
  writer.uint(header.unitCount)
  writer.uint(header.recordCount)
  writer.bytes(header.unitsRoot)
  writer.bytes(header.tablesHash)
  writeClockReading(writer, header.sealedAt)
  writer.text(header.ratingVersion)
  return writer.copy()
}

/** Reads a header strictly; hashes are copied out of the bytes. */
export function decodeHeader(bytes: Uint8Array): Result<BatchHeader, BatchFault> {
  if (bytes.length > batchLimits.headerBytes) return refused('batch_too_large', `the header has ${bytes.length} bytes`)
  const reader = new DeterministicReader(bytes)
  reader.arrayOf(headerFields)
  if (reader.uint() !== batchFormat) reader.refuse('bytes_unexpected')
  const tenant = parseTenantId(reader.text(batchLimits.idBytes))
  const agent = parseAgentId(reader.text(batchLimits.idBytes))
  const epoch = reader.uint()
  const seq = reader.uint()
  const previousHash = readHash(reader)
  const unitCount = reader.uint(batchLimits.units)
  const recordCount = reader.uint()
  const unitsRoot = readHash(reader)
  const tablesHash = readHash(reader)
  const sealedAt = readClockReading(reader)
  const ratingVersion = reader.text(batchLimits.ratingVersionBytes)
  reader.finish()
  if (reader.fault !== null) return malformed('header', reader.fault)
  if (!tenant.ok) return refused('batch_malformed', `the header names no tenant: ${tenant.fault.message}`)
  if (!agent.ok) return refused('batch_malformed', `the header names no agent: ${agent.fault.message}`)
  const counted = epoch >= 1 && seq >= 1 && unitCount >= 1 && recordCount >= unitCount && ratingVersion !== ''
  if (!counted)
    return refused('batch_malformed', 'the header has a zero where counting begins at one, or no rating version')
  if (seq === 1 && previousHash.some((byte) => byte !== 0))
    return refused('batch_malformed', 'the first batch of an epoch names a batch before it')
  return ok({
    tenant: tenant.value,
    agent: agent.value,
    epoch,
    seq,
    previousHash,
    unitCount,
    recordCount,
    unitsRoot,
    tablesHash,
    sealedAt,
    ratingVersion,
  })
}

/** SHA-256 of the header's bytes: what is signed, and the next batch's `previousHash`. */
export function batchHashOf(header: Uint8Array): Uint8Array {
  return sha256(header)
}

/** Checks that this key (raw Ed25519, base64) signed the header; gives the batch hash. */
export function verifyBatchSignature(
  publicKeyBase64: string,
  header: Uint8Array,
  signature: Uint8Array,
): Result<Uint8Array, BatchFault> {
  if (header.length > batchLimits.headerBytes)
    return refused('batch_too_large', `the header has ${header.length} bytes`)
  const batchHash = batchHashOf(header)
  if (verifySignature(publicKeyBase64, batchSignatureContext, batchHash, signature)) return ok(batchHash)
  return refused('batch_signature_invalid', 'the signature is not that of the registered key over this header')
}

/**
 * Checks a body against its header and decodes it strictly. Hashes come first: only bytes that the signed header commits
 * to are read for their meaning, so a body changed on its way is a mismatch and never a malformed batch of the agent's.
 */
export function openBatchBody(header: BatchHeader, body: Uint8Array): Result<DecodedBatch, BatchFault> {
  if (body.length > batchLimits.bodyBytes) return refused('batch_too_large', `the body has ${body.length} bytes`)
  const reader = new DeterministicReader(body)
  reader.arrayOf(bodyFields)
  const secret = reader.bytesOf(secretBytes)
  const tablesStart = reader.position
  reader.skip()
  const tablesEnd = reader.position
  const unitCount = reader.arrayHead(batchLimits.units)
  if (reader.fault !== null) return malformed('body', reader.fault)
  if (unitCount !== header.unitCount)
    return refused('batch_count_mismatch', `the header counts ${header.unitCount} units and the body ${unitCount}`)
  const positions = locateUnits(reader, unitCount)
  reader.finish()
  if (positions === null || reader.fault !== null) return malformed('body', reader.fault ?? 'bytes_unexpected')

  const salts = deriveSalts(secret, unitCount + 1)
  if (!equalBytes(tablesHashOf(salts, body.subarray(tablesStart, tablesEnd)), header.tablesHash))
    return refused('batch_tables_mismatch', 'the tables are not those the header commits to')
  const leaves: string[] = []
  unitLeaves(body, positions, salts, leaves)
  if (!equalBytes(bytesOfBinary(merkleRootBinary(leaves)), header.unitsRoot))
    return refused('batch_root_mismatch', 'the units are not those the header commits to')
  return decodeParts(header, body, { tablesStart, tablesEnd, positions, salts })
}

interface BodyParts {
  readonly tablesStart: number
  readonly tablesEnd: number
  readonly positions: Uint32Array
  readonly salts: Uint8Array
}

function decodeParts(header: BatchHeader, body: Uint8Array, parts: BodyParts): Result<DecodedBatch, BatchFault> {
  const { tablesStart, tablesEnd, positions, salts } = parts
  const tablesReader = new DeterministicReader(body, tablesStart, tablesEnd)
  const tables = readTables(tablesReader)
  tablesReader.finish()
  if (tablesReader.fault !== null) return malformed('tables', tablesReader.fault)

  const unitsReader = new DeterministicReader(body, positions[0] ?? 0)
  const units: RatingUnit[] = []
  let recordCount = 0
  for (let index = 0; index < header.unitCount && unitsReader.fault === null; index++) {
    const unit = readUnit(unitsReader, tables)
    recordCount += unit.records.length
    units.push(unit)
  }
  unitsReader.finish()
  if (unitsReader.fault !== null) return malformed(`unit ${units.length - 1}`, unitsReader.fault)
  if (recordCount !== header.recordCount)
    return refused(
      'batch_count_mismatch',
      `the header counts ${header.recordCount} records and the body ${recordCount}`,
    )
  return ok(decodedBatch(body, tables, units, positions, salts))
}

function decodedBatch(
  body: Uint8Array,
  tables: BatchTables,
  units: readonly RatingUnit[],
  positions: Uint32Array,
  salts: Uint8Array,
): DecodedBatch {
  return {
    tables,
    units,
    unitBytes: (index) => body.subarray(positions[index], positions[index + 1]),
    salt: (index) => salts.subarray((index + 1) * saltBytes, (index + 2) * saltBytes),
  }
}

function tablesHashOf(salts: Uint8Array, tables: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([Buffer.of(0x02), salts.subarray(0, saltBytes), tables]))
}

function readHash(reader: DeterministicReader): Uint8Array {
  return new Uint8Array(reader.bytesOf(hashBytes))
}

type Refusal = { readonly ok: false; readonly fault: BatchFault }

function malformed(part: string, reason: BytesFaultCode): Refusal {
  return refused('batch_malformed', `the ${part} of the batch cannot be read strictly (${reason})`)
}

function refused(code: BatchFaultCode, message: string): Refusal {
  return failed(fault(code, message))
}
