import type { CommonTerms } from './terms.ts'
import type { CompiledTiered } from './tiers.ts'
import { compileVolume } from './volume.ts'

/** The period costs the flat amount of the tier its total lies in. Splittable. */
export interface StairStepPrice extends CommonTerms {
  readonly model: 'stair-step'
  readonly tiers: readonly { readonly upTo: bigint | null; readonly flat: string }[]
  /** False: nothing is due without usage. Left out: the first tier's amount is. */
  readonly flatAtZero?: false
}

/** A volume price whose units cost nothing. */
export function compileStairStep(price: StairStepPrice): CompiledTiered {
  const tiers = price.tiers.map(({ upTo, flat }) => ({ upTo, amount: '0', flat }))
  return compileVolume({ ...price, per: 1n, tiers })
}
