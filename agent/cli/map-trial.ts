import { hash } from 'node:crypto'
import { counted } from '@meterline/shared/command-line/counted.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { ExplainedRecord } from '../domain/mapping/explain-payload.ts'

/** What became of all samples together. */
export interface TrialSummary {
  readonly payloads: number
  readonly events: number
  /** Under an id that came before, with the same content: they would be counted once. */
  readonly repeats: number
  /** Under an id that came before, with other content: they would go to suspense. */
  readonly conflicts: number
  readonly leftOut: number
  readonly rejected: number
  readonly rejectedByCode: Readonly<Record<string, number>>
  /** Meter and total of the events, repeats and conflicts not counted; exact digits. */
  readonly totals: Readonly<Record<string, string>>
  readonly subjects: number
  readonly earliestMs: number | null
  readonly latestMs: number | null
  /** What looks like a slip of the rule. */
  readonly warnings: readonly string[]
}

/** How an event stands to those before it. */
export type Standing = 'new' | 'repeat' | 'conflict'

// Beyond this many, repeats and subjects are not told apart any more; the summary says so.
const mostRemembered = 2_000_000
const year2000Ms = 946_684_800_000

/** Adds up what a rule makes of its samples, as an agent would: an id counts once. */
export class Trial {
  readonly #contents = new Map<string, string>()
  readonly #subjects = new Set<string>()
  readonly #totals = new Map<string, bigint>()
  readonly #rejected = new Map<string, number>()
  readonly #counts = { payloads: 0, events: 0, repeats: 0, conflicts: 0, leftOut: 0, early: 0, withoutId: 0 }
  /** The ids that the payload at hand has given to source, subject and meter. */
  readonly #seriesOfPayload = new Map<string, string>()
  /** A meter that one payload measures several times for one source and subject. */
  #sharedMeter: string | null = null
  #earliestMs = Infinity
  #latestMs = -Infinity

  payload(): void {
    this.#counts.payloads += 1
    this.#seriesOfPayload.clear()
  }

  record({ outcome }: ExplainedRecord): Standing | null {
    if (outcome.kind === 'leftOut') this.#counts.leftOut += 1
    if (outcome.kind === 'rejected') this.#rejected.set(outcome.code, (this.#rejected.get(outcome.code) ?? 0) + 1)
    return outcome.kind === 'event' ? this.#event(outcome.event) : null
  }

  summary(): TrialSummary {
    const { early, withoutId, ...counts } = this.#counts
    const rejected = [...this.#rejected.values()].reduce((sum, count) => sum + count, 0)
    const warnings: string[] = []
    const events = (count: number, is: string, are: string): string =>
      `${counted(count, 'event')} ${count === 1 ? is : are}`
    if (early > 0) warnings.push(`${events(early, 'is', 'are')} from before the year 2000: look at time and timeUnit`)
    if (withoutId > 0) warnings.push(`${events(withoutId, 'has', 'have')} no id: what is sent again is charged again`)
    if (counts.conflicts > 0) {
      const have = events(counts.conflicts, 'has', 'have')
      warnings.push(`${have} the id of another one: add what tells them apart to the id`)
    }
    if (this.#sharedMeter !== null) {
      const same = `records of one payload have the same source, subject and meter (${this.#sharedMeter})`
      warnings.push(
        `${same} but different ids: right for sums; a counter or gauge needs source: to keep its series apart`,
      )
    }
    if (this.#contents.size >= mostRemembered) warnings.push(`repeats are only found among ${mostRemembered} ids`)
    return {
      ...counts,
      rejected,
      rejectedByCode: Object.fromEntries(this.#rejected),
      totals: Object.fromEntries([...this.#totals].map(([meter, total]) => [meter, total.toString()])),
      subjects: this.#subjects.size,
      earliestMs: Number.isFinite(this.#earliestMs) ? this.#earliestMs : null,
      latestMs: Number.isFinite(this.#latestMs) ? this.#latestMs : null,
      warnings,
    }
  }

  #event(event: UsageEvent): Standing {
    this.#noteSeries(event)
    const standing = this.#standingOf(event)
    if (standing !== 'new') {
      this.#counts[standing === 'repeat' ? 'repeats' : 'conflicts'] += 1
      return standing
    }
    this.#counts.events += 1
    if (event.id === null) this.#counts.withoutId += 1
    if (event.timeMs < year2000Ms) this.#counts.early += 1
    if (this.#subjects.size < mostRemembered) this.#subjects.add(event.subject)
    this.#earliestMs = Math.min(this.#earliestMs, event.timeMs)
    this.#latestMs = Math.max(this.#latestMs, event.timeMs)
    for (const { meter, quantity } of event.measured) {
      this.#totals.set(meter, (this.#totals.get(meter) ?? 0n) + quantity)
    }
    return 'new'
  }

  #noteSeries({ source, subject, id, measured }: UsageEvent): void {
    if (id === null || this.#sharedMeter !== null) return
    for (const { meter } of measured) {
      const series = `${source}\0${subject}\0${meter}`
      if ((this.#seriesOfPayload.get(series) ?? id) !== id) this.#sharedMeter = meter
      this.#seriesOfPayload.set(series, id)
    }
  }

  #standingOf(event: UsageEvent): Standing {
    if (event.id === null) return 'new'
    const key = `${event.source}\0${event.id}`
    const content = hash('sha256', JSON.stringify(event, bigintsAsText), 'base64')
    const before = this.#contents.get(key)
    if (before !== undefined) return before === content ? 'repeat' : 'conflict'
    if (this.#contents.size < mostRemembered) this.#contents.set(key, content)
    return 'new'
  }
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
