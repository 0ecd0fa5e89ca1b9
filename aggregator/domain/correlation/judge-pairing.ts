import type { CorrelationDefinition } from './correlation-rule.ts'
import { agrees, type Pairing } from './pair-records.ts'

/** What a pairing can say: both reports and whether they agree, or which one is missing, for now or for good. */
export const pairingStates = [
  'matched',
  'differs',
  'control-without-charge',
  'charge-without-control',
  'waiting',
] as const

export type PairingState = (typeof pairingStates)[number]

/** A pairing as it stands at an instant: a record alone waits until its window is over. */
export function pairingState(rule: CorrelationDefinition, { charge, control }: Pairing, nowMs: number): PairingState {
  if (charge !== null && control !== null) {
    return agrees(rule, charge.quantity, control.quantity) ? 'matched' : 'differs'
  }
  const aloneMs = charge?.timeMs ?? control?.timeMs ?? 0
  if (aloneMs + rule.windowMs >= nowMs) return 'waiting'
  return charge === null ? 'control-without-charge' : 'charge-without-control'
}

/** When the usage of a pairing happened: the earlier of its reports, epoch milliseconds. */
export function pairingTimeMs({ charge, control }: Pairing): number {
  return Math.min(charge?.timeMs ?? Infinity, control?.timeMs ?? Infinity)
}
