import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import type { RunCommand } from '@meterline/shared/wire/control.ts'
import type { AgentStatus } from '../flow/agent-status.ts'
import type { SuspenseDesk } from '../flow/suspense-desk.ts'
import { submitInput, submitTexts, type Submitting } from './submit-command.ts'
import { isSuspenseCommand, runSuspenseCommand, suspenseInputs } from './suspense-commands.ts'

/** What commands are answered from: a running agent. */
export interface Commanded extends Submitting {
  status(): Promise<AgentStatus>
  readonly suspense: SuspenseDesk
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
  /** Empty without an HTTP door, whose figures are null then. */
  readonly http: readonly { readonly host: string; readonly port: number; readonly tls: boolean }[]
  readonly httpDoor: {
    readonly connections: number
    /** Bodies of requests that are not answered yet. */
    readonly heldBytes: number
    /** How often which status was answered since the start. */
    readonly answers: Readonly<Record<string, number>>
  } | null
  readonly bridges: readonly BridgeJson[]
}

/** A bridge to a foreign broker in `status`; counts are since the agent was started. */
export interface BridgeJson {
  readonly name: string
  readonly url: string
  /** `connecting`, `subscribing`, `open`, `waiting` (another attempt follows) or `closed`. */
  readonly state: string
  /** Why it is not open, or what is missing although it is. */
  readonly fault: Fault | null
  readonly connections: number
  /** How often the broker had forgotten the session of the connection before. */
  readonly sessionsLost: number
  readonly received: number
  readonly acknowledged: number
  readonly unsettled: number
  readonly lossy: number
  readonly repeated: number
  readonly retained: number
  readonly unmatched: number
}

/** What each command takes. */
const inputs = { status: z.strictObject({}), submit: submitInput, ...suspenseInputs } as const

/** Answers the commands of the control socket; see `RunCommand`. */
export function commandRunner(agent: Commanded, about: () => Omit<StatusJson, keyof AgentStatus>): RunCommand {
  return async (command, input, progress) => {
    switch (command) {
      case 'status': {
        const checked = check(inputs[command], command, input)
        return checked.ok ? ok({ ...about(), ...(await agent.status()) } satisfies StatusJson) : checked
      }
      case 'submit': {
        const checked = check(inputs[command], command, input)
        return checked.ok ? await submitTexts(agent, checked.value) : checked
      }
      default: {
        if (isSuspenseCommand(command)) return await runSuspenseCommand(agent.suspense, command, input, progress)
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
