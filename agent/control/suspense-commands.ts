import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import type { SuspenseDesk } from '../flow/suspense-desk.ts'
import type { ClosedEntry, SuspenseDetail } from '../flow/suspense-port.ts'

/** What somebody writes who discards: long enough to say it, short enough to be read in a list. */
const note = z
  .string()
  .trim()
  .min(1, 'is empty: say it in words')
  .refine((text) => Buffer.byteLength(text, 'utf8') <= 200, 'has more than 200 bytes')
const limit = z.int().min(1).max(10_000).default(100)
const after = z.int().min(0).default(0)
const number = z.int().min(1)
const numbers = z.array(number).min(1, 'names no entry').max(1000, 'names more than 1000 entries: go in parts')
const code = z.string().nullable().default(null)
const device = z.string().nullable().default(null)

/** What each command about the suspense takes. */
export const suspenseInputs = {
  'suspense-list': z.strictObject({ after, limit, code, device }),
  'suspense-counts': z.strictObject({}),
  'suspense-closed': z.strictObject({ after, limit }),
  'suspense-show': z.strictObject({ number }),
  'suspense-replay': z.strictObject({
    numbers: numbers.nullable().default(null),
    code,
    device,
    dryRun: z.boolean().default(false),
  }),
  'suspense-discard': z.strictObject({ numbers, reason: note, by: note }),
} as const

export type SuspenseCommand = keyof typeof suspenseInputs

/** An entry of the suspense as JSON: its payload as text where it is text, else in base64. */
export interface SuspenseDetailJson extends Omit<SuspenseDetail, 'payload'> {
  readonly payload: string
  readonly payloadEncoding: 'utf8' | 'base64'
}

/** What `suspense show` answers. */
export type ShownEntry = SuspenseDetailJson | ClosedEntry

/** Whether a command is one about the suspense. */
export function isSuspenseCommand(name: string): name is SuspenseCommand {
  return Object.hasOwn(suspenseInputs, name)
}

/** Answers one command about the suspense. */
export async function runSuspenseCommand(
  desk: SuspenseDesk,
  command: SuspenseCommand,
  input: unknown,
  progress: (message: string) => void,
): Promise<Result<unknown>> {
  switch (command) {
    case 'suspense-list': {
      const checked = check(suspenseInputs[command], command, input)
      return checked.ok ? ok(await desk.list(checked.value)) : checked
    }
    case 'suspense-counts': {
      const checked = check(suspenseInputs[command], command, input)
      return checked.ok ? ok(await desk.counts()) : checked
    }
    case 'suspense-closed': {
      const checked = check(suspenseInputs[command], command, input)
      return checked.ok ? ok(await desk.closed(checked.value.after, checked.value.limit)) : checked
    }
    case 'suspense-show': {
      const checked = check(suspenseInputs[command], command, input)
      return checked.ok ? await show(desk, checked.value.number) : checked
    }
    case 'suspense-replay': {
      const checked = check(suspenseInputs[command], command, input)
      return checked.ok ? await desk.replay(checked.value, progress) : checked
    }
    case 'suspense-discard': {
      const checked = check(suspenseInputs[command], command, input)
      return checked.ok ? await desk.discard(checked.value) : checked
    }
  }
}

async function show(desk: SuspenseDesk, wanted: number): Promise<Result<ShownEntry>> {
  const shown = await desk.show(wanted)
  if (shown === null) {
    return failed(fault('suspense_unknown', `There is no entry ${wanted}; "suspense list" shows those there are.`))
  }
  if (shown.state === 'closed') return ok(shown)
  const bytes = Buffer.from(shown.payload)
  // A payload that was cut may end inside a character; it is shown in base64 then, which loses nothing.
  const payloadEncoding = isUtf8(bytes) ? 'utf8' : 'base64'
  return ok({ ...shown, payload: bytes.toString(payloadEncoding), payloadEncoding })
}

function check<Schema extends z.ZodType>(schema: Schema, name: string, input: unknown): Result<z.output<Schema>> {
  const checked = checkAgainstSchema(schema, input, () => ({ file: name, line: 0, column: 0 }))
  return checked.ok ? checked : failed(fault('arguments_invalid', formatMistakes(checked.mistakes)))
}
