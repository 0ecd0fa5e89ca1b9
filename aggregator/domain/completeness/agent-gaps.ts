/** What is known about one registered agent. */
export interface AgentView {
  readonly agent: string
  readonly connected: boolean
  /** Its latest report; null when it never sent one. */
  readonly report: AgentReportView | null
}

export interface AgentReportView {
  /** When it came, epoch milliseconds. */
  readonly receivedMs: number
  /** When a report last said that more deliveries had been refused; null when none did. */
  readonly refusedMs: number | null
  readonly refusedDeliveries: number
  readonly suspendedRows: number
  readonly suspended: readonly { readonly code: string; readonly device: string; readonly rows: number }[]
  readonly clockSync: string
  readonly outboxBatches: number
  readonly outboxOldestMs: number | null
}

/** Something about an agent that keeps usage from coming in, or makes it doubtful. */
export type AgentGap =
  /** Nobody is connected as this agent; `lastReportMs` null: it never reported. */
  | { readonly kind: 'agent-silent'; readonly agent: string; readonly lastReportMs: number | null }
  /** Usage it took in and cannot understand. */
  | {
      readonly kind: 'agent-suspense'
      readonly agent: string
      readonly reportedMs: number
      readonly rows: number
      readonly largest: readonly { readonly code: string; readonly device: string; readonly rows: number }[]
    }
  /** It could not take deliveries lately; their senders have to send them again. */
  | { readonly kind: 'agent-refusals'; readonly agent: string; readonly lastMs: number; readonly deliveries: number }
  /** No time source disciplines its clock, so the times of usage may be wrong. */
  | { readonly kind: 'agent-clock'; readonly agent: string; readonly reportedMs: number }
  /** It has sealed batches that nobody took for long. */
  | { readonly kind: 'agent-backlog'; readonly agent: string; readonly batches: number; readonly oldestMs: number }

/** An agent may be away this long, as for a restart or an upgrade. */
const awayMs = 300_000
/** Refusals are of interest this long after the last one. */
const refusalsMs = 3_600_000
/** A batch may wait this long for its receipt. */
const backlogMs = 900_000
const mostNamed = 5

/** What is wrong with an agent at an instant, by its own last word. */
export function agentGaps({ agent, connected, report }: AgentView, nowMs: number): readonly AgentGap[] {
  const gaps: AgentGap[] = []
  const lastReportMs = report?.receivedMs ?? null
  if (!connected && (lastReportMs === null || lastReportMs + awayMs < nowMs)) {
    gaps.push({ kind: 'agent-silent', agent, lastReportMs })
  }
  if (report === null) return gaps
  const { receivedMs: reportedMs, suspendedRows: rows, suspended, refusedMs, outboxOldestMs } = report
  if (rows > 0) {
    const largest = suspended.slice(0, mostNamed).map(({ code, device, rows: each }) => ({ code, device, rows: each }))
    gaps.push({ kind: 'agent-suspense', agent, reportedMs, rows, largest })
  }
  if (refusedMs !== null && refusedMs + refusalsMs >= nowMs) {
    gaps.push({ kind: 'agent-refusals', agent, lastMs: refusedMs, deliveries: report.refusedDeliveries })
  }
  if (report.clockSync === 'unsynced') gaps.push({ kind: 'agent-clock', agent, reportedMs })
  if (outboxOldestMs !== null && outboxOldestMs + backlogMs < reportedMs) {
    gaps.push({ kind: 'agent-backlog', agent, batches: report.outboxBatches, oldestMs: outboxOldestMs })
  }
  return gaps
}
