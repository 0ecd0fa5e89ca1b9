import { z } from 'zod'
import { readTextLines } from './text-lines.ts'
import type { Trace, TraceRow } from './trace-row.ts'

/** Helium's price list: one data credit for each started 24 bytes of payload. */
const CREDIT_BYTES = 24

/** How the uplinks of a trace are published. */
export interface LorawanPublishing {
  /** The topic of a mapping rule; `{dev_eui}` and other names in braces stand for the row's own members. */
  readonly topic: string
  /** The mapping rule that the agent's HTTP door is asked for. */
  readonly rule: string
}

const uplinkSchema = z.object({
  devaddr: z.string().min(1),
  fcnt: z.int().min(0),
  reported_at: z.int().min(0),
  payload_size: z.int().min(0).optional(),
  payload: z.base64().optional(),
})

/**
 * LoRaWAN uplinks as Helium's network server delivered them, one JSON object a line (plain or gzip), published as they
 * are. A mapping rule of the agent makes usage of them; what that should be is counted here on its own: a frame counter
 * starts again when a device joins again, so that one uplink is told from another by address, counter and time. A row
 * of another form is published all the same, and expected to end in suspense.
 */
export function lorawanTrace(file: string, how: LorawanPublishing): Trace {
  return {
    file,
    name: 'lorawan',
    events: 'uplinks',
    httpPath: `/v1/events?rule=${encodeURIComponent(how.rule)}`,
    async *rows() {
      let row = 0
      let timeMs = 0
      for await (const { bytes } of readTextLines(file)) {
        if (bytes.length === 0) continue
        const uplink = uplinkRow(row, bytes, how.topic, timeMs)
        timeMs = uplink.timeMs
        yield uplink
        row += 1
      }
    },
  }
}

/** One line as it is published; `previousMs` stands in for the time of a row that has none. */
function uplinkRow(row: number, bytes: Buffer, topic: string, previousMs: number): TraceRow {
  const members = membersOf(bytes)
  const message = { row, payload: bytes, topic: topicOf(topic, members) }
  const uplink = uplinkSchema.safeParse(members).data
  const payloadBytes = uplink?.payload_size ?? (uplink?.payload === undefined ? null : base64Bytes(uplink.payload))
  if (uplink === undefined || payloadBytes === null)
    return { ...message, timeMs: previousMs, identity: null, usage: null }
  return {
    ...message,
    timeMs: uplink.reported_at,
    identity: JSON.stringify([uplink.devaddr, uplink.fcnt, uplink.reported_at]),
    usage: { 'lorawan.uplinks': 1n, 'lorawan.data_credits': BigInt(Math.ceil(payloadBytes / CREDIT_BYTES)) },
  }
}

/** The members of a JSON object; none where the line is something else. */
function membersOf(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    // Not JSON: the agent has to say so, which is what replaying it is for.
    return {}
  }
}

function base64Bytes(text: string): number {
  return Buffer.byteLength(text, 'base64')
}

function topicOf(template: string, members: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (_whole, name: string) => {
    const value = members[name]
    const fits = (typeof value === 'string' && value !== '') || typeof value === 'number'
    return fits && !/[+#/\0]/.test(String(value)) ? String(value) : 'unknown'
  })
}
