import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedFee } from '../oracle/planned-price.ts'

/** What everybody who subscribes to trackers says of himself, for the fees that go by it. */
export const statedQuantities = { seats: 7 } as const

/** Up to three fees of an offering. `perSubject`: its subscriptions list subjects and state quantities. */
export function drawFees(random: Random, prefix: string, perSubject: boolean): readonly PlannedFee[] {
  const amount = (): string => `${random.below(40)}.${String(random.below(1000)).padStart(3, '0')}`
  const each = (): NonNullable<PlannedFee['each']> => {
    if (!perSubject) return 'subscription'
    return (['subscription', 'subject', { quantity: 'seats' }] as const)[random.below(3)] ?? 'subscription'
  }
  // Whole where it does not say: what most fees are.
  const prorate = (): Pick<PlannedFee, 'prorate'> => {
    const by = ([undefined, undefined, 'day', 'second'] as const)[random.below(4)]
    return by === undefined ? {} : { prorate: by }
  }
  const fees: readonly PlannedFee[] = [
    { id: `${prefix}-base`, model: 'recurring', amount: amount(), due: 'in-advance', each: each(), ...prorate() },
    { id: `${prefix}-care`, model: 'recurring', amount: amount(), due: 'in-arrears', each: each(), ...prorate() },
    { id: `${prefix}-setup`, model: 'one-time', amount: amount(), each: each() },
  ]
  return fees.filter(() => random.below(3) === 0)
}
