import { createHash } from 'node:crypto'
import type { AggregatorFile } from './aggregator-file.ts'
import { asBytes, asInteger, asList, asNumber, asText, readItem } from './cbor-reader.ts'
import type { Item } from './cbor-reader.ts'
import type { Findings } from './findings.ts'
import { LogTree } from './log-tree.ts'
import { readBody, readHeader } from './stored-batch.ts'
import type { StoredHeader, StoredUnit } from './stored-batch.ts'
import type { VersionBook } from './version-book.ts'
import type { Owing } from './who-owes-whom.ts'

/** A batch of the log with its units. */
export interface LoggedBatch {
  readonly header: StoredHeader
  readonly units: readonly StoredUnit[]
}

/** What the log says became of units of a batch after they were rated. */
export interface UnitDecision {
  readonly logIndex: number
  readonly kind: 'release' | 'discard' | 'void'
  readonly batchIndex: number
  readonly units: readonly number[]
  /** Null for a release. */
  readonly reason: string | null
  readonly by: string
}

/** A receipt as it reached an agent. */
export interface SeenReceipt {
  /** The box that got it, where another one runs as the same agent. */
  readonly box?: string
  readonly agent: string
  readonly epoch: number
  readonly seq: number
  readonly batchHash: string
  readonly logIndex: number
}

const noHash = '00'.repeat(32)

/**
 * Follows a tenant's log: places without gaps, bytes that never change (I12), each agent's batches once and in sequence
 * with the right hash of the one before (I5, I6), and every receipt an agent has seen backed by what is stored (I7).
 */
export class LogWatch {
  readonly #tenant: string
  readonly #findings: Findings
  readonly #versions: VersionBook
  /** The Merkle tree over the entries so far. */
  readonly tree = new LogTree()
  readonly #digests: string[] = []
  readonly #kinds: string[] = []
  readonly #batches = new Map<number, LoggedBatch>()
  /** The keys of `#batches` in log order. */
  readonly #batchIndexes: number[] = []
  readonly #decisions = new Map<number, readonly Item[]>()
  readonly #controls = new Map<string, string>()
  #unitDecisions: UnitDecision[] = []
  readonly #voids = new Set<number>()
  #partnerPostings: Owing[] = []
  readonly #chains = new Map<string, { seq: number; hash: string }>()
  readonly #receipts: SeenReceipt[] = []
  #checkedReceipts = 0

  constructor(tenant: string, findings: Findings, versions: VersionBook) {
    this.#tenant = tenant
    this.#findings = findings
    this.#versions = versions
  }

  get size(): number {
    return this.#digests.length
  }

  /** What kinds of entries stand in the log from a place on. */
  kindsFrom(logIndex: number): readonly string[] {
    return this.#kinds.slice(logIndex)
  }

  /** Batches by log index, in log order. */
  get batches(): ReadonlyMap<number, LoggedBatch> {
    return this.#batches
  }

  /** Log index of the last batch; -1 before the first. */
  get lastBatch(): number {
    return this.#batchIndexes.at(-1) ?? -1
  }

  /** The batches behind a log index, in log order. Costs as much as there are of them, however long the log is. */
  batchesAfter(logIndex: number): readonly (readonly [number, LoggedBatch])[] {
    const later: (readonly [number, LoggedBatch])[] = []
    for (let at = this.#batchIndexes.length - 1; at >= 0; at--) {
      const batchIndex = this.#batchIndexes[at] ?? -1
      if (batchIndex <= logIndex) break
      const batch = this.#batches.get(batchIndex)
      if (batch !== undefined) later.push([batchIndex, batch])
    }
    return later.reverse()
  }

  /** The correlations of units that are only compared, by `<batch index>/<unit>`. */
  get controls(): ReadonlyMap<string, string> {
    return this.#controls
  }

  /** The last batch of an agent and epoch; seq 0 when there is none. */
  chain(agent: string, epoch: number): { readonly seq: number; readonly hash: string } {
    return this.#chains.get(`${agent} ${epoch}`) ?? { seq: 0, hash: noHash }
  }

  /** Ledger and document entries of the log, and what people decided about money, that came since this was last asked: the items after the kind. */
  takeDecisions(): ReadonlyMap<number, readonly Item[]> {
    const taken = new Map(this.#decisions)
    this.#decisions.clear()
    return taken
  }

  /** Log indexes of the entries that take usage back. */
  get voids(): ReadonlySet<number> {
    return this.#voids
  }

  /** What came since this was last asked of what became of units. */
  takeUnitDecisions(): readonly UnitDecision[] {
    const taken = this.#unitDecisions
    this.#unitDecisions = []
    return taken
  }

  receiptArrived(receipt: SeenReceipt): void {
    this.#receipts.push(receipt)
  }

  /** Reads what was committed since the last time. */
  advance(file: AggregatorFile): void {
    const from = this.#digests.length - 1
    const bodies = new Map(file.bodiesAfter(from).map(({ logIndex, body }) => [logIndex, body]))
    for (const { logIndex, entry } of file.logAfter(from)) {
      this.#findings.demand(
        logIndex === this.#digests.length,
        'I6',
        () => `log index ${logIndex} follows ${this.#digests.length - 1}`,
      )
      this.#digests.push(digest(entry))
      this.tree.append(entry)
      this.#take(logIndex, asList(readItem(entry), 'a log entry'), bodies.get(logIndex))
    }
    this.checkReceipts()
  }

  /** Holds the receipts that came since the last time against what has been read of the log. */
  checkReceipts(): void {
    for (; this.#checkedReceipts < this.#receipts.length; this.#checkedReceipts++) {
      const receipt = this.#receipts[this.#checkedReceipts]
      if (receipt !== undefined) this.#checkReceipt(receipt)
    }
  }

  /** Reads the whole log again, as after a restart: everything that was there is there, byte for byte. */
  recheck(file: AggregatorFile): void {
    const rows = file.logAfter(-1)
    const demand = this.#findings.demand.bind(this.#findings)
    demand(
      rows.length >= this.#digests.length,
      'I7',
      () => `the log had ${this.#digests.length} entries and has ${rows.length}`,
    )
    for (const { logIndex, entry } of rows.slice(0, this.#digests.length)) {
      demand(digest(entry) === this.#digests[logIndex], 'I12', () => `log entry ${logIndex} is not what it was`)
    }
    const bodies = new Set(file.bodiesAfter(-1).map(({ logIndex }) => logIndex))
    for (const logIndex of this.#batches.keys())
      demand(bodies.has(logIndex), 'I7', () => `the body of batch ${logIndex} is gone`)
    for (const { agent, epoch, receivedSeq, chainHash } of file.chains()) {
      const { seq, hash } = this.chain(agent, epoch)
      const same = receivedSeq === seq && Buffer.from(chainHash).toString('hex') === hash
      demand(same, 'I6', () => `chain of ${agent} is stored at ${receivedSeq}, its last batch in the log is ${seq}`)
    }
  }

  #take(logIndex: number, entry: readonly Item[], body: Uint8Array | undefined): void {
    const kind = asText(entry[1], 'the kind of a log entry')
    this.#kinds.push(kind)
    if (kind === 'batch') this.#takeBatch(logIndex, asBytes(entry[2], 'a header'), body)
    else if (kind === 'catalogue') this.#versions.catalogueCame(logIndex, asBytes(entry[3], 'a tenant file'))
    else if (kind === 'control') this.#takeControls(entry)
    else if (kind === 'release' || kind === 'discard' || kind === 'void') {
      this.#unitDecisions.push(unitDecision(logIndex, kind, entry))
      if (kind === 'void') this.#voids.add(logIndex)
    }
    if (kind === 'control' || kind === 'suspense')
      this.#versions.ratingTold(asNumber(entry[2], 'batch index'), logIndex)
    if (kind === 'ledger') this.#takeLedger(logIndex, entry)
    if (kind === 'ledger' || kind === 'document' || kind === 'decision') this.#decisions.set(logIndex, entry.slice(1))
  }

  /** What closings posted since this was last asked of what is due to partners without usage. */
  takePartnerPostings(): readonly Owing[] {
    const taken = this.#partnerPostings
    this.#partnerPostings = []
    return taken
  }

  /** [1, 'ledger', rating version, catalogue index, batch index, partition, postings, entries]; without postings: no usage */
  #takeLedger(logIndex: number, entry: readonly Item[]): void {
    if (asList(entry[6], 'postings').length === 0) {
      const [, seller] = /^partner:(.+)$/.exec(asText(entry[5], 'a partition')) ?? []
      if (seller !== undefined) this.#partnerPostings.push(...costsOf(seller, asList(entry[7], 'ledger entries')))
      return
    }
    this.#versions.ratingTold(asNumber(entry[4], 'batch index'), logIndex)
    this.#versions.postedUnder(logIndex, asNumber(entry[3], 'catalogue index'))
  }

  /** [1, 'control', batch index, [[unit, correlation], …]] */
  #takeControls(entry: readonly Item[]): void {
    const batchIndex = asNumber(entry[2], 'batch index')
    for (const item of asList(entry[3], 'control units')) {
      const [unit, rule] = asList(item, 'a control unit')
      this.#controls.set(`${batchIndex}/${asNumber(unit, 'unit')}`, asText(rule, 'correlation'))
    }
  }

  #takeBatch(logIndex: number, headerBytes: Uint8Array, body: Uint8Array | undefined): void {
    const header = readHeader(headerBytes)
    const name = `batch ${header.agent}/${header.epoch}/${header.seq} at ${logIndex}`
    const key = `${header.agent} ${header.epoch}`
    const before = this.chain(header.agent, header.epoch)
    const demand = (holds: boolean, invariant: 'I5' | 'I6' | 'I7', what: string): void =>
      this.#findings.demand(holds, invariant, () => `${name}: ${what}`)
    demand(header.tenant === this.#tenant, 'I6', `is of tenant ${header.tenant}`)
    demand(header.seq > before.seq, 'I5', `came a second time, the last one was ${before.seq}`)
    demand(header.seq === before.seq + 1, 'I6', `follows ${before.seq}`)
    demand(header.previousHash === before.hash, 'I6', 'does not name the hash of the batch before')
    this.#chains.set(key, { seq: header.seq, hash: header.hash })
    if (body === undefined) return demand(false, 'I7', 'has no body')
    const units = readBody(body)
    demand(units.length === header.unitCount, 'I6', `has ${units.length} units and says ${header.unitCount}`)
    const records = units.reduce((sum, unit) => sum + unit.records.length, 0)
    demand(records === header.recordCount, 'I6', `has ${records} records and says ${header.recordCount}`)
    this.#batches.set(logIndex, { header, units })
    this.#batchIndexes.push(logIndex)
  }

  #checkReceipt(receipt: SeenReceipt): void {
    const stored = this.#batches.get(receipt.logIndex)?.header
    const backed =
      stored !== undefined &&
      stored.agent === receipt.agent &&
      stored.epoch === receipt.epoch &&
      stored.seq === receipt.seq &&
      stored.hash === receipt.batchHash
    const { agent, epoch, seq, logIndex } = receipt
    this.#findings.demand(
      backed,
      'I7',
      () => `${agent} was given a receipt for ${epoch}/${seq} at ${logIndex} that nothing stands behind`,
    )
  }
}

/** [1, 'release', batch index, [unit, …], by] or [1, 'discard' or 'void', batch index, [unit, …], reason, by] */
function unitDecision(logIndex: number, kind: UnitDecision['kind'], entry: readonly Item[]): UnitDecision {
  const [, , batchIndex, units, ...notes] = entry
  return {
    logIndex,
    kind,
    batchIndex: asNumber(batchIndex, 'batch index'),
    units: asList(units, 'units').map((unit) => asNumber(unit, 'unit')),
    reason: kind !== 'release' ? asText(notes[0], 'a reason') : null,
    by: asText(notes.at(-1), 'a name'),
  }
}

/** What entries add to a buyer's cost of what a partner sells. */
function costsOf(seller: string, entries: readonly Item[]): readonly Owing[] {
  return entries.flatMap((entry) => {
    const [entity, , account, debit, credit] = asList(entry, 'a ledger entry')
    if (account !== 'cost_of_sales') return []
    return [
      {
        seller,
        buyer: asText(entity, 'entity'),
        amountMicros: asInteger(debit, 'debit') - asInteger(credit, 'credit'),
      },
    ]
  })
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
