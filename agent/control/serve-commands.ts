import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import type { RunCommand } from '@meterline/shared/wire/control.ts'
import type { AgentStatus } from '../flow/agent-status.ts'
import type { SuspenseEntry, SuspenseQuery } from '../flow/journal-port.ts'

/** What commands are answered from: a running agent. */
export interface Commanded {
  status(): Promise<AgentStatus>
  suspense(query: SuspenseQuery): Promise<readonly SuspenseEntry[]>
}

/** An entry of the suspense as JSON: its payload as text where it is text, else in base64. */
export interface SuspenseJson extends Omit<SuspenseEntry, 'payload'> {
  readonly payload: string
  readonly payloadEncoding: 'utf8' | 'base64'
}

/** What `status` answers. */
export interface StatusJson extends AgentStatus {
  readonly version: string
  readonly pid: number
  readonly mqtt: readonly { readonly host: string; readonly port: number; readonly tls: boolean }[]
  readonly mqttDoor: {
    readonly connections: number
    /** Bytes of packets that are unfinished or wait. */
    readonly heldBytes: number
    /** Messages local subscribers were not sent because too many were on their way. */
    readonly notForwarded: number
    /** How often connections were closed, by reason. */
    readonly closed: Readonly<Record<string, number>>
  }
}

/** What each command takes. */
const inputs = {
  status: z.strictObject({}),
  'suspense-list': z.strictObject({
    after: z.int().min(0).default(0),
    limit: z.int().min(1).max(10_000).default(100),
    code: z.string().nullable().default(null),
    device: z.string().nullable().default(null),
  }),
} as const

/** Answers the commands of the control socket; see `RunCommand`. */
export function commandRunner(agent: Commanded, about: () => Omit<StatusJson, keyof AgentStatus>): RunCommand {
  return async (command, input) => {
    switch (command) {
      case 'status': {
        const checked = check(inputs[command], command, input)
        return checked.ok ? ok({ ...about(), ...(await agent.status()) } satisfies StatusJson) : checked
      }
      case 'suspense-list': {
        const checked = check(inputs[command], command, input)
        return checked.ok ? ok((await agent.suspense(checked.value)).map(suspenseJson)) : checked
      }
      default: {
        const known = Object.keys(inputs).join(', ')
        return failed(fault('command_unknown', `There is no command ${command}; there are ${known}.`))
      }
    }
  }
}

function check<Schema extends z.ZodType>(schema: Schema, name: string, input: unknown): Result<z.output<Schema>> {
  const checked = checkAgainstSchema(schema, input, () => ({ file: name, line: 0, column: 0 }))
  return checked.ok ? checked : failed(fault('arguments_invalid', formatMistakes(checked.mistakes)))
}

function suspenseJson(entry: SuspenseEntry): SuspenseJson {
  const bytes = Buffer.from(entry.payload)
  // A payload that was cut may end inside a character; it is shown in base64 then, which loses nothing.
  const payloadEncoding = isUtf8(bytes) ? 'utf8' : 'base64'
  return { ...entry, payload: bytes.toString(payloadEncoding), payloadEncoding }
}
