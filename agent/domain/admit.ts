import { contentCheck, type ContentCheck } from '@meterline/shared/integrity/event-key.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'

// Filled anew by each call: the content of an event as if it stated no time.
const untimed = { subject: '', timeMs: 0, labels: [] as UsageEvent['labels'], facts: [] as UsageEvent['facts'] }

/**
 * The content check that the key index keeps of an event. An event that states no time gets the time it was received
 * at, which is another one each time it is sent: its check is made without a time. An event whose stated time happens to
 * be the very millisecond it was received in looks the same; `sameContent` allows for that.
 */
export function checkToKeep(event: UsageEvent, receivedWallMs: number, out: ContentCheck): ContentCheck {
  return event.timeMs === receivedWallMs ? untimedCheck(event, out) : contentCheck(event, event.measured, out)
}

/**
 * Whether an event says the same as the first one under its key, of which only the check is known. The first content
 * wins: the same again is a duplicate (counted and acknowledged, nothing is stored), anything else a conflict (to
 * suspense, so that no device can stop a gateway by reusing an id).
 */
export function sameContent(known: Readonly<ContentCheck>, event: UsageEvent): boolean {
  const check = { check0: 0, check1: 0 }
  contentCheck(event, event.measured, check)
  if (known.check0 === check.check0 && known.check1 === check.check1) return true
  untimedCheck(event, check)
  return known.check0 === check.check0 && known.check1 === check.check1
}

function untimedCheck(event: UsageEvent, out: ContentCheck): ContentCheck {
  untimed.subject = event.subject
  untimed.labels = event.labels
  untimed.facts = event.facts
  return contentCheck(untimed, event.measured, out)
}

/** Caps of the agent's suspense. */
export interface SuspenseLimits {
  readonly rows: number
  /** Payload bytes kept over all rows. */
  readonly bytes: number
  /** One device may fill this much, so that it cannot use up the room of the others. */
  readonly rowsPerDevice: number
}

/** Why something cannot go to suspense, or null when it can. The delivery is then refused, never dropped. */
export function suspenseRefusal(
  held: { readonly rows: number; readonly bytes: number; readonly rowsOfDevice: number },
  adding: { readonly rows: number; readonly bytes: number },
  limits: SuspenseLimits,
): 'suspense_full' | 'suspense_full_for_device' | null {
  if (held.rows + adding.rows > limits.rows || held.bytes + adding.bytes > limits.bytes) return 'suspense_full'
  return held.rowsOfDevice + adding.rows > limits.rowsPerDevice ? 'suspense_full_for_device' : null
}
