import { createPrivateKey } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Result } from '../base/errors.ts'
import { noteVerifierKey, openCheckpoint, signCheckpoint, type Checkpoint } from '../integrity/checkpoint.ts'
import { contentCheck, eventKey, type CheckedContent, type CheckedQuantity } from '../integrity/event-key.ts'
import type { JsonValue } from '../integrity/canonical-json.ts'
import { sha256 } from '../integrity/hash.ts'
import { sumLeaf, sumProof, sumRoot, verifySumProof } from '../integrity/merkle-sum.ts'
import { inclusionProof } from '../integrity/merkle.ts'
import { deriveSalts, saltBytes } from '../integrity/salts.ts'
import { openSigningKey, type SigningKey } from '../integrity/signature.ts'
import { assembleBody, decodeHeader, openBatchBody, sealBatch, verifyBatchSignature } from './batch-codec.ts'
import type { BatchHeader } from './batch.ts'
import { chargeBlockLeaf, decodeChargeBlock, encodeChargeBlock, type ChargeBlock } from './charge.ts'
import { decodeLogEntry, encodeLogEntry, logEntryLeaf } from './log-entry-codec.ts'
import type { LogEntry } from './log-entry.ts'
import { decodeSnapshotPart, encodeSnapshotPart, type SnapshotPart } from './snapshot-part.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  snapshotHash,
  snapshotSignatureContext,
  verifySnapshotSignature,
  type Snapshot,
} from './snapshot.ts'
import {
  bindingsSignatureContext,
  encodeSubjectBindings,
  openSubjectBindings,
  type SubjectBindings,
} from './subject-bindings.ts'
import { OpenBatch, type Chunk } from './unit-codec.ts'
import { unitLeafHash } from './unit-leaves.ts'
import { receivedWallMs, type BatchTables, type RatingUnit } from './usage-record.ts'

/** What each file holds, and how its `expected` part follows from its `input` part. */
const rules = {
  'batch.json': expectedBatch,
  'event-key.json': expectedEventKeys,
  'content-check.json': expectedContentChecks,
  'charge-block.json': expectedChargeBlocks,
  'merkle-sum.json': expectedSumTree,
  'log-entry.json': expectedLogEntries,
  'snapshot.json': expectedSnapshot,
  'checkpoint.json': expectedCheckpoint,
} as const

const folder = new URL('./golden/', import.meta.url)

describe('the golden vectors', () => {
  it.each(Object.keys(rules) as (keyof typeof rules)[])('of %s are what the code makes of their input', (name) => {
    const golden = untagged(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))) as {
      input: never
      expected: unknown
    }
    expect(tagged(rules[name](golden.input))).toEqual(tagged(golden.expected))
  })

  it('are all checked', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(rules).sort())
  })
})

interface GoldenBatch {
  readonly signingSeed: Uint8Array
  readonly secret: Uint8Array
  readonly header: Pick<
    BatchHeader,
    'tenant' | 'agent' | 'epoch' | 'seq' | 'previousHash' | 'sealedAt' | 'ratingVersion'
  >
  readonly tables: BatchTables
  readonly units: readonly RatingUnit[]
}

/** Seals the units as an agent would, and reads the result as a verifier would. */
function expectedBatch({ signingSeed, secret, header, tables, units }: GoldenBatch): unknown {
  const key = keyOfSeed(signingSeed)
  const chunk = chunkOf(tables, units)
  const sealed = sealBatch({ ...header, chunks: [chunk], secret }, key)
  const body = assembleBody(secret, sealed.tables, [chunk.units], units.length)
  valueOf(verifyBatchSignature(key.publicKeyBase64, sealed.header, sealed.signature))
  const read = valueOf(decodeHeader(sealed.header))
  const decoded = valueOf(openBatchBody(read, body))
  expect(decoded.tables).toEqual(tables)
  expect(decoded.units).toEqual(units)
  const leaves = units.map((_, index) => unitLeafHash(decoded.salt(index), decoded.unitBytes(index)))
  return {
    tables: sealed.tables,
    units: units.map((_, index) => decoded.unitBytes(index)),
    tablesSalt: deriveSalts(secret, 1).subarray(0, saltBytes),
    salts: units.map((_, index) => decoded.salt(index)),
    leaves,
    inclusionProofOfUnit1: inclusionProof(leaves, 1),
    unitsRoot: read.unitsRoot,
    tablesHash: read.tablesHash,
    header: sealed.header,
    batchHash: sealed.batchHash,
    publicKeyBase64: key.publicKeyBase64,
    signature: sealed.signature,
    body,
  }
}

function chunkOf(tables: BatchTables, units: readonly RatingUnit[]): Chunk {
  const open = new OpenBatch()
  open.begin()
  for (const unit of units) {
    const anchor = tables.anchors[unit.anchor]
    if (anchor === undefined) throw new Error(`no anchor ${unit.anchor}`)
    const received = { ...anchor, monotonicMs: unit.receivedMonotonicMs, wallMs: receivedWallMs(unit, anchor) }
    const snapshot = unit.snapshot === null ? null : (tables.snapshots[unit.snapshot] ?? null)
    const prerated = unit.records.map((record) => record.preratedMicros)
    const spends = unit.records.map((record) => record.spends)
    open.append({ ...unit, id: unit.eventId, measured: unit.records }, received, snapshot, prerated, spends)
  }
  return open.finish()
}

function expectedEventKeys(identities: readonly { tenant: string; source: string; id: string }[]): unknown {
  return identities.map(({ tenant, source, id }) => eventKey(tenant, source, id))
}

function expectedContentChecks(contents: readonly (CheckedContent & { quantities: CheckedQuantity[] })[]): unknown {
  return contents.map((content) => contentCheck(content, content.quantities, { check0: 0, check1: 0 }))
}

function expectedChargeBlocks(blocks: readonly ChargeBlock[]): unknown {
  return blocks.map((block) => {
    const bytes = encodeChargeBlock(block)
    expect(valueOf(decodeChargeBlock(bytes))).toEqual(block)
    return { bytes, leaf: chargeBlockLeaf(bytes, block.amountMicros) }
  })
}

function expectedSumTree(leaves: readonly { bytes: Uint8Array; sum: bigint }[]): unknown {
  const nodes = leaves.map(({ bytes, sum }) => sumLeaf(bytes, sum))
  const root = sumRoot(nodes)
  const proofs = nodes.map((_, index) => sumProof(nodes, index))
  const hold = nodes.map((node, index) => verifySumProof(node, index, nodes.length, proofs[index] ?? [], root))
  expect(hold).not.toContain(false)
  return { roots: nodes.map((_, index) => sumRoot(nodes.slice(0, index + 1))), proofOfLeaf2: proofs[2] }
}

function expectedLogEntries(entries: readonly LogEntry[]): unknown {
  return entries.map((entry) => {
    const bytes = encodeLogEntry(entry)
    expect(valueOf(decodeLogEntry(bytes))).toEqual(entry)
    return { bytes, leaf: logEntryLeaf(bytes) }
  })
}

interface GoldenSnapshot {
  readonly signingSeed: Uint8Array
  readonly parts: readonly { readonly kind: SnapshotPart['kind']; readonly things: readonly JsonValue[] }[]
  readonly snapshot: Snapshot
  readonly bindings: SubjectBindings
}

function expectedSnapshot({ signingSeed, parts, snapshot, bindings }: GoldenSnapshot): unknown {
  const key = keyOfSeed(signingSeed)
  const named = parts.map(({ kind, things }) => {
    const bytes = encodeSnapshotPart(kind, things)
    expect(valueOf(decodeSnapshotPart(bytes))).toEqual({ kind, [kind]: things })
    return { text: new TextDecoder().decode(bytes), hash: sha256(bytes) }
  })
  const bytes = encodeSnapshot(snapshot)
  expect(valueOf(decodeSnapshot(bytes))).toEqual(snapshot)
  const hash = snapshotHash(bytes)
  const signature = key.sign(snapshotSignatureContext, hash)
  expect(valueOf(verifySnapshotSignature(key.publicKeyBase64, bytes, signature))).toEqual(hash)
  const answer = encodeSubjectBindings(bindings)
  const answerSignature = key.sign(bindingsSignatureContext, sha256(answer))
  const opened = openSubjectBindings({ bytes: answer, signature: answerSignature }, key.publicKeyBase64)
  expect(valueOf(opened)).toEqual(bindings)
  return {
    parts: named,
    snapshot: { text: new TextDecoder().decode(bytes), hash, signature },
    bindings: { text: new TextDecoder().decode(answer), hash: sha256(answer), signature: answerSignature },
  }
}

function expectedCheckpoint(input: { signingSeed: Uint8Array; keyName: string; checkpoint: Checkpoint }): unknown {
  const { signingSeed, keyName, checkpoint } = input
  const key = keyOfSeed(signingSeed)
  const note = signCheckpoint(checkpoint, keyName, key)
  expect(valueOf(openCheckpoint(note, keyName, key.publicKeyBase64))).toEqual(checkpoint)
  return { verifierKey: noteVerifierKey(keyName, key.publicKeyBase64), note }
}

/** RFC 8410: PKCS #8 of an Ed25519 key is this prefix and the 32 bytes that RFC 8032 calls the secret key. */
function keyOfSeed(seed: Uint8Array): SigningKey {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return openSigningKey(key.export({ type: 'pkcs8', format: 'pem' }).toString())
}

function valueOf<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.fault.code}: ${result.fault.message}`)
  return result.value
}

/** In the files `hex:` begins a byte string and `int:` an integer that may pass 2^53. */
function untagged(value: unknown): unknown {
  if (typeof value === 'string' && value.startsWith('hex:')) return new Uint8Array(Buffer.from(value.slice(4), 'hex'))
  if (typeof value === 'string' && value.startsWith('int:')) return BigInt(value.slice(4))
  if (Array.isArray(value)) return value.map(untagged)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, untagged(member)]))
}

function tagged(value: unknown): unknown {
  if (value instanceof Uint8Array) return `hex:${Buffer.from(value).toString('hex')}`
  if (typeof value === 'bigint') return `int:${value}`
  if (Array.isArray(value)) return value.map(tagged)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, tagged(member)]))
}
