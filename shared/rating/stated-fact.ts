import { largestQuantity } from '../units/quantity.ts'

/** Where an event says what prices compare, both lists as events have them. */
export interface StatedUsage {
  readonly labels: readonly (readonly [string, string])[]
  readonly facts: readonly (readonly [string, bigint])[]
}

/**
 * The number an event states under a name: its fact, else its dimension of that name when that is a whole number in digits,
 * 0 to 2^63 − 1. Devices state numbers of their own, such as how long something took, as dimensions; facts are what readers
 * of payloads worked out. Null when the event states no such number.
 */
export function statedFact({ facts, labels }: StatedUsage, name: string): bigint | null {
  for (const [key, value] of facts) if (key === name) return value
  for (const [key, text] of labels) if (key === name) return wholeNumber(text)
  return null
}

function wholeNumber(text: string): bigint | null {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) return null
  const value = BigInt(text)
  return value > largestQuantity ? null : value
}
