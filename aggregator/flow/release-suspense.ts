import { assertThat } from '@meterline/shared/base/errors.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { rateBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { IndexedUnit, RatedBatch } from '../domain/rating-of-record/rate-batch.ts'
import type { DecisionRow, NewReason, SuspenseRow } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ReplacementRow } from '../store/void-table.ts'
import type { ReleaseWrites } from '../store/writes.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { ClaimedPlaces, FreePlaces } from './free-places.ts'
import { otherSnapshots } from './made-snapshot.ts'
import { RatedCharges } from './rated-charges.ts'
import { conflictCode, openStoredBatch } from './rate-usage.ts'
import { setControlsApart } from './set-controls-apart.ts'

/** Why a unit stays that no catalogue can help. */
export type StayCode = 'control_record' | 'batch_body_deleted'

/** What became of one unit that was tried again. */
export interface TriedUnit {
  readonly logIndex: number
  readonly unit: number
  readonly outcome: 'released' | 'stays'
  /** Why it stays; null when it was released. */
  readonly code: string | null
  readonly message: string
}

/** What trying some units again comes to. */
export interface ReleaseDecision {
  readonly writes: ReleaseWrites
  readonly tried: readonly TriedUnit[]
}

/**
 * Rates suspended units under the catalogue in force now. Those that can be charged are: one release entry for each batch,
 * then its ledger transactions, as rating makes them. The others stay, with the reason of now. Pure but for reading; the
 * rows are in the order of their places, and `by` is who asked.
 */
export function decideRelease(
  store: TenantStore,
  inForce: CatalogueInForce,
  rows: readonly SuspenseRow[],
  by: string,
  nowMs: number,
): ReleaseDecision {
  const group = new ReleaseGroup(store, inForce, by, nowMs)
  for (const [batchIndex, units] of Map.groupBy(rows, ({ logIndex }) => logIndex)) group.take(batchIndex, units)
  return group.decision()
}

interface OpenedBatch {
  readonly agent: string
  readonly units: readonly IndexedUnit[]
  /** Hashes of the snapshots that units refer to. */
  readonly snapshots: readonly Uint8Array[]
}

class ReleaseGroup {
  readonly #store: TenantStore
  readonly #inForce: CatalogueInForce
  readonly #by: string
  readonly #nowMs: number
  readonly #charges: RatedCharges
  readonly #entries: Uint8Array[] = []
  readonly #decisions: DecisionRow[] = []
  readonly #stays: NewReason[] = []
  readonly #tried: TriedUnit[] = []
  readonly #replacements: ReplacementRow[] = []
  readonly #places: FreePlaces

  constructor(store: TenantStore, inForce: CatalogueInForce, by: string, nowMs: number) {
    this.#store = store
    this.#inForce = inForce
    this.#by = by
    this.#nowMs = nowMs
    this.#charges = new RatedCharges(store, inForce.version)
    this.#places = new FreePlaces(store, inForce.catalogue.file.tenant)
  }

  take(batchIndex: number, rows: readonly SuspenseRow[]): void {
    const claimed = new ClaimedPlaces(this.#places)
    const opened = this.#open(batchIndex, rows, claimed)
    if (opened === null) return
    const { agent, units, snapshots } = opened
    const apart = setControlsApart(this.#inForce.watch, batchIndex, units)
    const rated = rateBatch({
      catalogue: this.#inForce.catalogue,
      batchIndex,
      units: apart.units,
      accumulators: this.#charges,
      metering: this.#charges.metering,
      otherSnapshots: otherSnapshots(snapshots, this.#inForce.snapshot),
    })
    const stay = new Map<number, { readonly code: string; readonly message: string }>()
    for (const { unit, code, message } of [...rated.suspended, ...apart.mixed]) stay.set(unit, { code, message })
    for (const { unit, rule } of apart.controls) {
      const message = `the correlation ${rule} only compares what this source reports: it can only be discarded`
      stay.set(unit, { code: 'control_record' satisfies StayCode, message })
    }
    const released: number[] = []
    for (const row of rows) {
      const reason = stay.get(row.unit)
      if (reason !== undefined) this.#stayWith(row, reason, claimed)
      else if (row.code !== conflictCode || claimed.has(row.unit)) released.push(row.unit)
    }
    if (released.length > 0) this.#release({ batchIndex, agent }, released, rated, claimed)
  }

  decision(): ReleaseDecision {
    const charges = this.#charges.writes()
    const decided = { decisions: this.#decisions, replacements: this.#replacements, stays: this.#stays }
    const writes = { entries: this.#entries, charges, ...decided }
    const tried = this.#tried.toSorted((left, right) => left.logIndex - right.logIndex || left.unit - right.unit)
    return { writes: { ...writes, triedMs: this.#nowMs }, tried }
  }

  /** The batch with those of the units that may be charged; null when it holds none any more. */
  #open(batchIndex: number, rows: readonly SuspenseRow[], claimed: ClaimedPlaces): OpenedBatch | null {
    const message = 'other content under its id counts: it can only be discarded, unless that is voided'
    const others = rows.filter((row) => {
      if (row.code !== conflictCode || claimed.claim(row)) return true
      this.#stay(row, conflictCode, message)
      return false
    })
    if (others.length === 0) return null
    const body = this.#store.batches.find(batchIndex)?.body ?? null
    if (body === null) {
      const gone = 'the body of its batch was deleted after its retention: it can only be discarded'
      const reason = { code: 'batch_body_deleted' satisfies StayCode, message: gone }
      for (const row of others) this.#stayWith(row, reason, claimed)
      return null
    }
    const { header, decoded } = openStoredBatch(this.#store, batchIndex, body)
    const units = others.map(({ unit: index }) => {
      const unit = decoded.units[index]
      assertThat(unit !== undefined, 'a suspended unit is one of its batch')
      return { index, unit }
    })
    return { agent: header.agent, units, snapshots: decoded.tables.snapshots }
  }

  #release(
    batch: { readonly batchIndex: number; readonly agent: string },
    units: readonly number[],
    rated: RatedBatch,
    claimed: ClaimedPlaces,
  ): void {
    const logIndex = batch.batchIndex
    const decidedIndex = this.#store.log.size + this.#entries.length
    this.#entries.push(encodeLogEntry({ kind: 'release', batchIndex: logIndex, units, by: this.#by }))
    this.#entries.push(...this.#charges.take(batch, rated, decidedIndex + 1, decidedIndex))
    this.#replacements.push(...claimed.replacements(logIndex, decidedIndex))
    for (const unit of units) {
      const when = { decidedIndex, decidedMs: this.#nowMs, decidedBy: this.#by }
      this.#decisions.push({ logIndex, unit, kind: 'release', ...when, reason: null })
      this.#tried.push({ logIndex, unit, outcome: 'released', code: null, message: 'charged' })
    }
  }

  /** What waits for the place of a voided event goes on being a conflict, whatever else keeps it from being charged. */
  #stayWith(
    row: SuspenseRow,
    { code, message }: { readonly code: string; readonly message: string },
    claimed: ClaimedPlaces,
  ): void {
    if (row.code !== conflictCode) return this.#stay(row, code, message)
    claimed.giveBack(row.unit)
    this.#stay(row, conflictCode, `its event was voided, and it could stand in its place, but ${message}`)
  }

  #stay({ logIndex, unit, code: before }: SuspenseRow, code: string, message: string): void {
    if (code !== before) this.#stays.push({ logIndex, unit, code, message })
    this.#tried.push({ logIndex, unit, outcome: 'stays', code, message })
  }
}
