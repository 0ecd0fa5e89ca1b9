/** Where a delivery comes from: whose name it is in, and what the door knows beside its bytes. */
export interface Origin {
  /** The authenticated device (or bridge, or token's source): the identity of its events belongs to it. */
  readonly device: string
  /** The mapping rule that reads the payload; null for the shapes every agent understands. */
  readonly rule: string | null
  /** The topic it was published to, for rules that read its levels. */
  readonly topic: string | null
  /** What makes events without an id of their own recognisable when the same request comes again. */
  readonly idempotencyKey: string | null
}

const separator = '\0'

/**
 * An origin as one text, which is how it is numbered and crosses to the journal. That of a plain delivery is the device
 * itself; neither devices, rules, topics nor keys hold the separator (MQTT 3.1.1, section 1.5.3, forbids it in topics).
 */
export function originText(origin: Origin): string {
  const { device, rule, topic, idempotencyKey } = origin
  if (rule === null && topic === null && idempotencyKey === null) return device
  return [device, rule ?? '', topic ?? '', idempotencyKey ?? ''].join(separator)
}

/** The way back from `originText`. */
export function readOrigin(text: string): Origin {
  const [device = '', rule = '', topic = '', idempotencyKey = ''] = text.split(separator)
  return { device, rule: rule || null, topic: topic || null, idempotencyKey: idempotencyKey || null }
}
