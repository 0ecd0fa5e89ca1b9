import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { allocateOldestFirst, mostSettlements } from '../domain/receivables/allocate.ts'
import { openMicros, type ClaimParties } from '../domain/receivables/claim.ts'
import { settledMicros, type Moves } from '../domain/receivables/moves.ts'
import { nothingElse } from '../store/money-decision-writes.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { keepClaimsInStep } from './claims-in-step.ts'
import { decideOnce } from './money-decisions.ts'
import type { TenantService } from './tenant-service.ts'

const nothingOpen = fault('nothing_to_allocate', 'All that is open is disputed.')

/**
 * Uses credit for what is open, as it is done whenever documents were issued: credit notes become credit of their buyers, and
 * credit settles the oldest documents that are not disputed. Answers how many buyers it was used for. Whoever is cut off
 * between two of them goes on with the next when it is asked for again.
 */
export async function applyCredits(service: TenantService, clock: Clock): Promise<Result<number>> {
  const inStep = await keepClaimsInStep(service)
  if (!inStep.ok) return inStep
  let used = 0
  for (const parties of service.store.receivables.withApplicableCredit()) {
    const derivedKey = (logIndex: number): string => `credit:${logIndex}`
    const named = { name: 'allocation' as const, key: null, derivedKey, request: { ...parties }, by: null }
    const decided = await decideOnce(service, clock, named, () => {
      const moves = movesOfCredit(service.store, parties)
      if (moves.settlements.length === 0) return failed(nothingOpen)
      return ok({
        parties,
        moves,
        cashAtMs: null,
        content: { name: 'allocation' as const },
        issued: null,
        writes: nothingElse,
      })
    })
    if (decided.ok) used += 1
    else if (decided.fault !== nothingOpen) return decided
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok(used)
}

function movesOfCredit(store: TenantStore, parties: ClaimParties): Moves {
  const open = store.receivables.openOf(parties)
  const notes = open
    .filter((claim) => openMicros(claim) < 0n)
    .slice(0, mostSettlements)
    .map((claim) => ({ document: claim.document, micros: openMicros(claim) }))
  const creditMicros = store.receivables.creditOf(parties) - settledMicros(notes)
  const settlements = [...notes, ...allocateOldestFirst(open, creditMicros)]
  return { settlements, creditMicros: -settledMicros(settlements), cashMicros: 0n }
}
