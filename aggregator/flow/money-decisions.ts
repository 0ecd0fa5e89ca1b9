import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { canonicalJson, type JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { decodeLogEntry, encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { longestDecisionBytes } from '@meterline/shared/model/log-entry.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { ClaimParties } from '../domain/receivables/claim.ts'
import {
  decodeDecision,
  encodeDecision,
  movesJson,
  type DecisionContent,
  type DecisionName,
} from '../domain/receivables/decision-content.ts'
import { moveEntries, type Moves } from '../domain/receivables/moves.ts'
import type { MoneyDecisionRow } from '../store/decision-table.ts'
import type { MoneyDecisionWrites, nothingElse } from '../store/money-decision-writes.ts'
import type { MoveRow } from '../store/receivable-rows.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { keepClaimsInStep, takeLastClaims } from './claims-in-step.ts'
import type { TenantService } from './tenant-service.ts'

/** A decision about money as it is answered: what the log says, and whether it was there already. */
export interface MoneyDecision {
  readonly logIndex: number
  /** Under the same key it had been decided before, and nothing was changed. */
  readonly repeated: boolean
  readonly decision: DecisionContent
}

/** What is asked for. */
export interface MoneyRequest {
  readonly name: DecisionName
  /** Null: `derivedKey`. */
  readonly key: string | null
  /** The key of who gives none; null: made of the request itself, so that the same request is the same decision. */
  readonly derivedKey: ((logIndex: number) => string) | null
  /** All that decides what becomes of it. */
  readonly request: JsonValue
  readonly by: string | null
}

type Specific<Content> = Content extends DecisionContent
  ? Omit<Content, 'format' | 'key' | 'request' | 'by' | 'at' | 'moves' | keyof ClaimParties>
  : never

/** What was decided, before it has its place in the log. */
export interface Decided {
  readonly parties: ClaimParties
  readonly moves: Moves
  /** When money counts that came in; null: when it is decided. */
  readonly cashAtMs: number | null
  /** The members of the content that not every decision has. */
  readonly content: Specific<DecisionContent>
  /** The note that is issued with it, with the log entry of the document, which comes right behind the decision's. */
  readonly issued: { readonly entry: Uint8Array; readonly ledger: MoneyDecisionWrites['ledger'] } | null
  readonly writes: Pick<MoneyDecisionWrites, keyof typeof nothingElse>
}

/** No money moves. */
export const noMoves: Moves = { settlements: [], creditMicros: 0n, cashMicros: 0n }

/**
 * Decides once under a key: what was decided under it before is answered again when the same was asked for, and refused when
 * something else was. `decide` runs between no pauses with the commit; it hears the log index that its decision will have.
 */
export async function decideOnce(
  service: TenantService,
  clock: Clock,
  { name, key: given, derivedKey, request, by }: MoneyRequest,
  decide: (logIndex: number, nowMs: number) => Result<Decided>,
): Promise<Result<MoneyDecision>> {
  const inStep = await keepClaimsInStep(service)
  if (!inStep.ok) return inStep
  const requestHash = toHex(sha256(new TextEncoder().encode(canonicalJson({ name, request }))))
  const attempted = service.attempt((): Result<MoneyDecision> => {
    takeLastClaims(service)
    const key = given ?? derivedKey?.(service.store.log.size) ?? `${name}:${requestHash.slice(0, 32)}`
    const known = service.store.decisions.find(key)
    if (known !== undefined) return repeatedDecision(service.store, known, requestHash)
    const nowMs = clock.wallMs()
    const decided = decide(service.store.log.size, nowMs)
    return decided.ok ? commitDecided(service, { key, request: requestHash, by, nowMs }, decided.value) : decided
  })
  if (!attempted.ok) return attempted
  if (attempted.value.ok && !attempted.value.value.repeated) service.scheduleCheckpoint()
  return attempted.value
}

/** What a decision says, as the log has it. */
export function decisionAt(store: TenantStore, logIndex: number): DecisionContent {
  const entry = decodeLogEntry(store.log.entry(logIndex) ?? new Uint8Array(0))
  assertThat(entry.ok && entry.value.kind === 'decision', `log entry ${logIndex} is a decision, as its row says`)
  const content = decodeDecision(entry.value.content)
  assertThat(content.ok, `decision ${logIndex}, which was made, can be read`)
  return content.value
}

function repeatedDecision(
  store: TenantStore,
  { logIndex, key }: MoneyDecisionRow,
  requestHash: string,
): Result<MoneyDecision> {
  const decision = decisionAt(store, logIndex)
  if (decision.request === requestHash) return ok({ logIndex, repeated: true, decision })
  const text =
    `Under the key ${key} something else was decided before (log entry ${logIndex}, ${decision.name}). Look at it with ` +
    '"receivable decisions"; if this is another decision, give it a --key of its own.'
  return failed(fault('decision_key_taken', text))
}

interface Deciding {
  readonly key: string
  readonly request: string
  readonly by: string | null
  readonly nowMs: number
}

function commitDecided(service: TenantService, deciding: Deciding, decided: Decided): Result<MoneyDecision> {
  const { store } = service
  const { parties, moves, issued, writes } = decided
  const { nowMs, ...said } = deciding
  const common = { format: 1 as const, ...said, at: formatInstant(nowMs), ...parties, moves: movesJson(moves) }
  const decision: DecisionContent = { ...decided.content, ...common }
  const content = encodeDecision(decision)
  if (content.length > longestDecisionBytes) {
    const text = `The decision would have ${content.length} bytes in the log, over ${longestDecisionBytes}: name fewer documents.`
    return failed(fault('decision_too_large', text))
  }
  const logIndex = store.log.size
  const entries = moveEntries(parties, moves, buyerKeepsBooks(service, parties.buyer))
  store.commitMoneyDecision(
    {
      entries: [
        encodeLogEntry({ kind: 'decision', name: decision.name, content, entries }),
        ...(issued === null ? [] : [issued.entry]),
      ],
      decisions: [{ logIndex, name: decision.name, key: deciding.key, ...parties, decidedMs: nowMs }],
      ledger: [{ logIndex, entries }, ...(issued?.ledger ?? [])],
      moves: moveRows(logIndex, parties, moves, { cashMs: decided.cashAtMs ?? nowMs, nowMs }),
      ...writes,
    },
    { logSize: logIndex },
  )
  return ok({ logIndex, repeated: false, decision })
}

/** Moves as rows; money that came earlier than it was recorded settles documents as of then. */
export function moveRows(
  decisionIndex: number,
  parties: ClaimParties,
  { settlements, cashMicros }: Moves,
  { cashMs, nowMs }: { readonly cashMs: number; readonly nowMs: number },
): readonly MoveRow[] {
  const atMs = cashMicros === 0n ? nowMs : cashMs
  const cash = cashMicros === 0n ? [] : [{ decisionIndex, parties, document: null, micros: cashMicros, atMs }]
  return [...cash, ...settlements.map(({ document, micros }) => ({ decisionIndex, parties, document, micros, atMs }))]
}

/** Whether the buyer's books are kept here too. */
export function buyerKeepsBooks({ inForce }: TenantService, buyer: string): boolean {
  return inForce?.catalogue.tree.accounts.get(buyer)?.kind === 'reseller'
}
