import type { AgentImage } from './agent-image.ts'
import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'

/** What an agent was configured to hold at most. */
export interface AgentCaps {
  /** Batches and units that the aggregator has not taken. */
  readonly outboxBytes: number
  /** Deliveries of one group commit, and the bytes of their payloads. */
  readonly groupDeliveries: number
  readonly groupBytes: number
}

/** No unit that the world's payloads make takes more than this in a journal, its share of the tables included. */
const mostUnitBytes = 1_024
/** The uplink window of agent/domain/SPEC.md: batches under way without a receipt. */
const mostInFlight = 16
/** Pieces of evidence that are kept of one agent, and of all. */
const mostEvidenceOfAgent = 100
const mostEvidence = 2_000

/**
 * I16 for queues and buffers that the world can see from outside: they never hold more than their caps, because over a cap
 * comes an explicit refusal. What only lives inside a process is held to its cap by that part's own tests.
 */
export class CapWatch {
  readonly #findings: Findings
  readonly #caps = new Map<string, AgentCaps>()
  readonly #inFlight = new Map<string, number>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** An agent starts with this configuration. */
  configured(agent: string, caps: AgentCaps): void {
    this.#caps.set(agent, caps)
  }

  /** The cap is asked for before each group, so one group may lie above it. */
  checkJournal(agent: string, { outboxBytes }: AgentImage): void {
    const caps = this.#caps.get(agent)
    if (caps === undefined) return
    const aGroup = Math.min(caps.groupBytes, caps.groupDeliveries * mostUnitBytes)
    this.#demand(
      outboxBytes <= caps.outboxBytes + aGroup,
      () => `${agent} has ${outboxBytes} bytes in its outbox, its cap is ${caps.outboxBytes} and a group of ${aGroup}`,
    )
  }

  /** An agent says hello, so nothing of an earlier session is under way any more. */
  greeted(agent: string): void {
    this.#inFlight.set(agent, 0)
  }

  batchSent(agent: string): void {
    const inFlight = (this.#inFlight.get(agent) ?? 0) + 1
    this.#inFlight.set(agent, inFlight)
    this.#demand(
      inFlight <= mostInFlight,
      () => `${agent} has ${inFlight} batches under way, the window is ${mostInFlight}`,
    )
  }

  receiptArrived(agent: string): void {
    this.#inFlight.set(agent, Math.max(0, (this.#inFlight.get(agent) ?? 0) - 1))
  }

  checkEvidence(file: AggregatorFile): void {
    const pieces = new Map<string, number>()
    for (const { agent } of file.evidence()) pieces.set(agent, (pieces.get(agent) ?? 0) + 1)
    let all = 0
    for (const [agent, count] of pieces) {
      all += count
      this.#demand(count <= mostEvidenceOfAgent, () => `${count} pieces of evidence are kept against ${agent}`)
    }
    this.#demand(all <= mostEvidence, () => `${all} pieces of evidence are kept`)
  }

  #demand(holds: boolean, message: () => string): void {
    this.#findings.demand(holds, 'I16', message)
  }
}
