import type { AgentNode } from './agent-node.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * What the person at a gateway does about its suspense: reads all of it again, which nothing has made readable, and gives
 * up the first entries. The agent may die at any moment of it; nothing may be lost or counted twice for that.
 */
export function lookAfterAgent({ queue, trace, findings }: Surroundings, node: AgentNode, discards: number): void {
  const { running } = node
  if (running === null) return
  const note = (what: string): void => trace.note(queue.nowMs, node.agent, what)
  const look = async (): Promise<void> => {
    const everything = { numbers: null, code: null, device: null, dryRun: false }
    const replayed = await running.suspense.replay(everything, () => undefined)
    if (!replayed.ok) return note(`replays nothing: ${replayed.fault.code}`)
    const { entries, events } = replayed.value
    note(`reads ${entries} entries again`)
    findings.demand(events === 0, 'I8', () => `${node.agent} read ${events} events out of what nobody repaired`)
    const listed = await running.suspense.list({ after: 0, limit: discards, code: null, device: null })
    const numbers = listed.map(({ number }) => number)
    if (numbers.length === 0) return
    const discarded = await running.suspense.discard({ numbers, reason: 'nobody can read it', by: 'the operator' })
    note(discarded.ok ? `gave up ${numbers.join(', ')}` : `gives nothing up: ${discarded.fault.code}`)
  }
  // An agent that dies meanwhile answers nothing more.
  look().catch((error: unknown) => note(`is gone in the middle of it: ${String(error)}`))
}
