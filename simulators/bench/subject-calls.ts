import { setTimeout as pause } from 'node:timers/promises'
import { modelOfUse, subjectName } from './snapshot-tenant.ts'

/** Some subjects of a tenant of `snapshot-tenant.ts`, by number; each uses one call of AI. */
export interface SubjectCalls {
  /** Port of the agent's HTTP door. */
  readonly port: number
  readonly fromSubject: number
  /** Exclusive. */
  readonly toSubject: number
  /** Rows of the tenant's matrix. */
  readonly rows: number
  /** Tells the ids of these calls from those of others of the same subjects. */
  readonly round: number
  /** Calls a second at most. */
  readonly ratePerSecond: number
}

const source = 'fleet'
const linesOfRequest = 100

/** Posts the calls as lines of JSON, one request after the other; all of them are stored when it is done. */
export async function postCalls(calls: SubjectCalls): Promise<void> {
  const { port, fromSubject, toSubject, ratePerSecond } = calls
  const url = `http://127.0.0.1:${port}/v1/ai?source=${source}`
  const headers = { 'content-type': 'application/x-ndjson' }
  const startedMs = performance.now()
  for (let first = fromSubject; first < toSubject; first += linesOfRequest) {
    const dueMs = startedMs + ((first - fromSubject) / ratePerSecond) * 1_000
    if (dueMs > performance.now()) await pause(dueMs - performance.now())
    const count = Math.min(linesOfRequest, toSubject - first)
    const body = Array.from({ length: count }, (_, line) => call(calls, first + line)).join('\n')
    const answer = await fetch(url, { method: 'POST', headers, body })
    if (answer.status !== 204) throw new Error(`the agent answered ${answer.status}: ${await answer.text()}`)
  }
}

/** Its classes of tokens have a price in every row. */
function call({ rows, round }: SubjectCalls, subject: number): string {
  return JSON.stringify({
    id: `call-${round}-${subject}`,
    subject: subjectName(subject),
    'gen_ai.response.model': modelOfUse(subject, rows),
    'gen_ai.usage.input_tokens': 1_374,
    'gen_ai.usage.cache_read.input_tokens': 1_000,
    'gen_ai.usage.output_tokens': 131,
    'gen_ai.usage.reasoning.output_tokens': 40,
  })
}
