import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { formatMistake } from '@meterline/shared/config/mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { readTrialFile } from '../catalogue-files/parse-tenant-file.ts'
import type { Account } from '../domain/accounts/account-tree.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { periodKeyParts, periodOfKey } from '../domain/periods/billing-cycle.ts'
import { BillingBooks } from './billing-books.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { chargedAheadFault } from './charged-places.ts'
import { batchesToRate, subscriptionsConcerned, subscriptionsWithin } from './simulated-batches.ts'
import { comparedBills, wholeBills } from './simulated-bills.ts'
import { SimulatedTables } from './simulated-tables.ts'
import { SimulatedUsage } from './simulated-usage.ts'
import { trySuspense } from './simulated-suspense.ts'
import type { Simulation, SimulationRequest } from './simulation-answers.ts'
import type { TenantService } from './tenant-service.ts'
import { untilRated } from './until-rated.ts'

type Progress = (message: string) => void

/** Batches rated in one go; between two goes other work goes on. */
const batchesPerGo = 4
const goesPerMessage = 25

/** A file that is tried, and what it is tried on. */
interface Trial {
  readonly inForce: CatalogueInForce
  readonly catalogue: Catalogue
  readonly period: Period
  readonly obstacles: readonly string[]
}

/**
 * Says what the bills of an account for a period would be by a tenant file that is not applied, against what they are by
 * the catalogue in force and what documents say: the stored usage of everything below the account is rated again, and the
 * bills are made by the functions that closing uses. Both sides are of the moment it began; nothing is written. Memory
 * holds the segments of the account and one batch at a time.
 */
export async function simulateBill(
  service: TenantService,
  nowMs: number,
  request: SimulationRequest,
  progress: Progress = () => undefined,
): Promise<Result<Simulation>> {
  const rated = await untilRated(service, progress)
  if (!rated.ok) return rated
  const trial = trialOf(service, nowMs, request)
  if (!trial.ok) return trial
  const { store } = service
  const { inForce, catalogue, period, obstacles } = trial.value
  const { account } = request
  const untilIndex = store.log.size
  const subscriptions = subscriptionsWithin(catalogue, account, period)
  const concerned = subscriptionsConcerned(inForce.catalogue, catalogue, { account, period })
  // What goes wrong in a trial is no reason to end the service, so none of it runs as an attempt.
  const now = wholeBills(new BillingBooks(store, inForce), account, period)
  const last = store.suspense.last()

  const tables = new SimulatedTables(store, period.key)
  const usage = new SimulatedUsage({ store, tables, catalogue, period, subscriptions, untilIndex })
  const batches = await batchesToRate(service, inForce.catalogue, { concerned, period, untilIndex })
  if (!batches.ok) return batches
  const done = await rateAgain(service, usage, batches.value, concerned, progress)
  if (!done.ok) return done
  const tried = wholeBills(new BillingBooks(tables, { version: untilIndex, catalogue }), account, period)
  // What is in suspense is on no bill, so it is tried when they are made.
  const suspended = await trySuspense(service, usage, { account, period, last })
  if (!suspended.ok) return suspended
  return ok({
    tenant: service.tenant,
    account,
    period: period.key,
    file: request.fileName,
    bills: comparedBills({ now, tried }, suspended.value.addedMicros),
    batches: batches.value.length,
    units: usage.units,
    notCharged: usage.notCharged,
    suspended: { units: suspended.value.units, listed: suspended.value.listed },
    obstacles,
  })
}

async function rateAgain(
  service: TenantService,
  usage: SimulatedUsage,
  batches: readonly number[],
  concerned: ReadonlySet<string>,
  progress: Progress,
): Promise<Result<null>> {
  for (let at = 0; at < batches.length; at += batchesPerGo) {
    for (const batchIndex of batches.slice(at, at + batchesPerGo)) {
      const taken = usage.take(batchIndex, concerned)
      if (!taken.ok) return taken
    }
    if ((at / batchesPerGo) % goesPerMessage === 0) progress(`${at} of ${batches.length} batches rated again`)
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok(null)
}

/** Reads the file and looks up what it is tried on. */
function trialOf(service: TenantService, nowMs: number, request: SimulationRequest): Result<Trial> {
  const { inForce, tenant } = service
  if (inForce === null) return failed(fault('catalogue_missing', `Tenant ${tenant} has no catalogue to compare with.`))
  const yaml = parseYamlWithPositions(request.fileName, request.text)
  const read = readTrialFile(request.fileName, yaml, inForce.catalogue.file, nowMs)
  if (!read.ok) {
    const lines = read.mistakes.map(formatMistake)
    const text = `${lines.join('\n')}\n${request.fileName} has mistakes; nothing was tried.`
    return failed(fault('tenant_file_invalid', text, { mistakes: JSON.stringify(read.mistakes) }))
  }
  if (read.value.tenant !== tenant) {
    const text = `${request.fileName} is the file of tenant ${read.value.tenant}, not of ${tenant}: name its tenant with --tenant.`
    return failed(fault('tenant_mismatch', text))
  }
  const compiled = compileCatalogue(read.value)
  if (!compiled.ok) return compiled
  const catalogue = compiled.value
  const period = periodOf(catalogue, request)
  if (!period.ok) return period
  const ahead = chargedAheadFault(service.store, inForce.catalogue, catalogue, nowMs)
  const obstacles = [...read.obstacles.map(formatMistake), ...(ahead === null ? [] : [ahead.message])]
  return ok({ inForce, catalogue, period: period.value, obstacles })
}

/** The period that is asked for, if the account gets documents of it. */
function periodOf(catalogue: Catalogue, { account: id, period: key, fileName }: SimulationRequest): Result<Period> {
  const period = periodOfKey(catalogue.cycles, key)
  if (!period.ok) return period
  const account = catalogue.tree.accountAt(id, period.value.startMs)
  if (account === undefined) {
    return failed(fault('account_unknown', `There is no account ${id} in ${fileName}.`))
  }
  if (account.payer.id !== id) {
    const text = `${account.payer.id} pays for ${id}, which gets no bill of its own: ask for --account ${account.payer.id}.`
    return failed(fault('account_not_billed', text, { payer: account.payer.id }))
  }
  const ofAccount = cycleId(account)
  if (periodKeyParts(key).cycle === ofAccount) return period
  const { month } = periodKeyParts(key)
  const right = ofAccount === '' ? month : `${month}~${ofAccount}`
  const text = `${key} is no period of ${id}, whose bills follow ${ofAccount === '' ? 'calendar months' : `the cycle ${ofAccount}`}: ask for --period ${right}.`
  return failed(fault('period_of_other_cycle', text, { period: right }))
}

function cycleId({ cycle }: Account): string {
  return cycle.id
}
