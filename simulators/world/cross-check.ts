import type { RunningAggregator } from '@meterline/aggregator/compose.ts'
import type { Findings } from '../oracle/findings.ts'
import type { Oracle } from '../oracle/oracle.ts'
import { identityKey } from '../oracle/published.ts'
import type { PublishedLedger } from '../oracle/published.ts'

const eventsPerQuestion = 1_000

/**
 * I18, "all sides agree": what the aggregator answers a person about each published event is what the oracle read from
 * its files. Where `examines`, its own examination of the books finds nothing wrong that the oracle does not; that reads
 * everything there is, so it is asked for when a run ends and now and then before.
 */
export function crossCheck(
  findings: Findings,
  running: RunningAggregator,
  tenant: string,
  published: PublishedLedger,
  oracle: Oracle,
  examines: boolean,
): void {
  try {
    if (examines) examine(findings, running, tenant)
    ask(findings, running, tenant, published, oracle)
  } catch (error) {
    findings.add(
      'I18',
      `asked about its books the aggregator throws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }
}

function examine(findings: Findings, running: RunningAggregator, tenant: string): void {
  const books = running.commands.verifyBooks(tenant)
  if (!books.ok) findings.add('I18', `the books cannot be verified: ${books.fault.message}`)
  else for (const problem of books.value.problems) findings.add('I18', `verify says: ${problem}`)
}

function ask(
  findings: Findings,
  running: RunningAggregator,
  tenant: string,
  published: PublishedLedger,
  oracle: Oracle,
): void {
  const identities = new Map<string, { readonly source: string; readonly id: string }>()
  for (const { pieces } of published.publishes) {
    for (const piece of pieces) {
      if (piece.kind !== 'event' || piece.event.id === null) continue
      const { source, id } = piece.event
      identities.set(identityKey(source, id), { source, id })
    }
  }
  const asked = [...identities.values()]
  for (let at = 0; at < asked.length; at += eventsPerQuestion) {
    const events = asked.slice(at, at + eventsPerQuestion)
    const answers = running.commands.dispositions(tenant, events)
    if (!answers.ok) {
      findings.add('I18', `dispositions cannot be asked for: ${answers.fault.message}`)
      return
    }
    for (const [index, { source, id }] of events.entries()) {
      const expected = oracle.fateOf(source, id)
      const answer = answers.value[index]
      const told =
        answer === undefined ? 'nothing' : answer.kind === 'suspended' ? `suspended ${answer.code}` : answer.kind
      findings.demand(
        told === expected,
        'I18',
        () => `event ${id} of ${source} is ${expected}, the aggregator says ${told}`,
      )
    }
  }
}
