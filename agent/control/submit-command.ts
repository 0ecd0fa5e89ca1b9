import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { isDeviceId } from '../domain/device-id.ts'
import { originText } from '../flow/origin.ts'
import type { DeliveryKind } from '../flow/ports.ts'
import type { RequestDelivery, RequestOutcome } from '../flow/submit-request.ts'

/** What `submit` needs of a running agent. */
export interface Submitting {
  readonly rules: readonly string[]
  submit(kind: DeliveryKind, deliveries: readonly RequestDelivery[]): Promise<RequestOutcome>
}

/** What `submit` takes: JSON texts that a mapping rule reads, in the name of a source. */
export const submitInput = z.strictObject({
  source: z.string().refine(isDeviceId, 'is no source: 1 to 64 letters, digits or . _ : - (a letter or digit first)'),
  rule: z.string(),
  deliveries: z
    .array(
      z.strictObject({
        text: z
          .string()
          .refine((text) => Buffer.byteLength(text) <= usageEventLimits.payloadBytes, 'is over 65536 bytes'),
        events: z.int().min(1).max(usageEventLimits.eventsPerPayload),
      }),
    )
    .min(1)
    .max(64),
})

/** What `submit` answers. */
export interface SubmitJson {
  readonly outcome: RequestOutcome['outcome']
  readonly stored: number
  readonly rejectedEvents: number
  /** Positions count over all deliveries. */
  readonly rejected: readonly {
    readonly index: number
    readonly id: string | null
    readonly code: string
    readonly message: string
  }[]
}

/** Takes deliveries in like a door does, and answers after the commit that holds the last of them. */
export async function submitTexts(
  agent: Submitting,
  input: z.output<typeof submitInput>,
): Promise<Result<SubmitJson, Fault<'rule_unknown'>>> {
  const { source: device, rule } = input
  if (!agent.rules.includes(rule)) {
    const known = agent.rules.length === 0 ? 'it has none' : `it has ${agent.rules.join(', ')}`
    const message = `The running agent has no mapping rule ${rule} (${known}). Add it under "mappings" and start the agent again.`
    return failed(fault('rule_unknown', message))
  }
  const origin = originText({ device, rule, topic: null, idempotencyKey: null })
  let firstPosition = 0
  const deliveries = input.deliveries.map(({ text, events }) => {
    const delivery = { origin, payload: Buffer.from(text, 'utf8'), firstPosition, events }
    firstPosition += events
    return delivery
  })
  const { outcome, storedEvents, rejectedEvents, rejected } = await agent.submit('mapped', deliveries)
  const list = rejected.map(({ index, eventId: id, code, message }) => ({ index, id, code, message }))
  return ok({ outcome, stored: storedEvents, rejectedEvents, rejected: list })
}
