import type { FleetMessage } from '../fleets/sample-fleet.ts'
import type { Disposition } from '@meterline/aggregator/flow/commands.ts'

/** Something that lies in a suspense, at the edge or at the centre. */
export interface SuspendedEvent {
  readonly code: string
  readonly source: string
  readonly eventId: string | null
  /** How many deliveries it stands for. */
  readonly times: number
}

/** What became of everything that was published: every message stands in exactly one row. */
export interface EventAccount {
  readonly published: number
  readonly rows: readonly { readonly outcome: string; readonly messages: number }[]
  /** Messages whose fate is not what the fleet knows it has to be; empty is the only good answer. */
  readonly unexplained: readonly string[]
}

/**
 * Accounts for every published message. Good events must be charged, once, however often they were repeated; spoiled
 * ones must lie in a suspense, at the edge or at the centre, with their reason.
 */
export function accountForEvents(
  messages: readonly FleetMessage[],
  dispositions: ReadonlyMap<string, Disposition>,
  suspended: readonly SuspendedEvent[],
): EventAccount {
  const rows = new Map<string, number>()
  const unexplained: string[] = []
  const count = (outcome: string): void => void rows.set(outcome, (rows.get(outcome) ?? 0) + 1)
  const reasons = new Map<string, string[]>()
  for (const item of suspended) {
    for (let time = 0; time < item.times; time += 1) push(reasons, eventKeyOf(item.source, item.eventId), item.code)
  }

  for (const message of messages) {
    const key = eventKeyOf(message.device, message.eventId)
    const disposition = dispositions.get(key)
    if (message.expectation === 'repeat') {
      if (disposition?.kind === 'charged') count('repeat of a charged event, not charged again')
      else unexplained.push(`${key}: repeated, and its event is ${disposition?.kind ?? 'unknown'}`)
    } else if (message.expectation === 'charged') {
      if (disposition?.kind === 'charged') count('charged once')
      else unexplained.push(`${key}: ought to be charged, is ${describe(disposition)}`)
    } else {
      const code = reasons.get(key)?.shift() ?? (disposition?.kind === 'suspended' ? disposition.code : undefined)
      if (code === undefined) unexplained.push(`${key}: ought to be suspended, is ${disposition?.kind ?? 'unknown'}`)
      else count(`suspended: ${code}`)
    }
  }
  const ordered = [...rows].map(([outcome, total]) => ({ outcome, messages: total }))
  ordered.sort((a, b) => b.messages - a.messages || (a.outcome < b.outcome ? -1 : 1))
  return { published: messages.length, rows: ordered, unexplained }
}

/** The account as a table for people. */
export function printableAccount(account: EventAccount): string {
  const width = Math.max(...account.rows.map((row) => row.outcome.length), 20)
  const lines = account.rows.map(
    (row) => `  ${row.outcome.padEnd(width)} ${row.messages.toLocaleString('en').padStart(9)}`,
  )
  const total = account.rows.reduce((sum, row) => sum + row.messages, 0)
  lines.push(`  ${'-'.repeat(width + 10)}`)
  lines.push(
    `  ${'accounted for'.padEnd(width)} ${total.toLocaleString('en').padStart(9)} of ${account.published.toLocaleString('en')}`,
  )
  for (const text of account.unexplained.slice(0, 20)) lines.push(`  NOT EXPLAINED ${text}`)
  return lines.join('\n')
}

/** The identity under which dispositions are asked for. */
export function eventKeyOf(source: string, eventId: string | null): string {
  return `${source} ${eventId ?? '(no id)'}`
}

function describe(disposition: Disposition | undefined): string {
  if (disposition === undefined) return 'unknown'
  return disposition.kind === 'suspended' ? `suspended ${disposition.code}` : disposition.kind
}

function push(map: Map<string, string[]>, key: string, code: string): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [code])
  else known.push(code)
}
