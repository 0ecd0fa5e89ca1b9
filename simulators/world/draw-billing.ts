import type { Random } from '@meterline/shared/base/random.ts'
import { dayMs, periodOf } from '../oracle/calendar.ts'
import type { PlannedAccount, PlannedCycle, PlannedProfile, PlannedTaxCode } from '../oracle/tenant-plan.ts'
import { sometimes } from './draw-amount.ts'

/** What periods may begin on beside calendar months; a world mostly begins just before a month ends in UTC. */
const cycles: readonly PlannedCycle[] = [
  { id: 'first', day: 1, zone: 'UTC' },
  { id: 'mid', day: 15, zone: 'UTC' },
  { id: 'last', day: 31, zone: 'Europe/Berlin' },
  { id: 'west', day: 1, zone: 'America/New_York' },
  { id: 'east', day: 1, zone: 'Asia/Kathmandu' },
]
const graces = ['1h', '30h'] as const
const regions = ['DE', 'CH', 'FR'] as const

/** How accounts are billed and taxed, as a tenant begins. */
export interface DrawnBilling {
  readonly cycles: readonly PlannedCycle[]
  readonly billingProfiles: readonly PlannedProfile[]
  readonly taxCodes: readonly PlannedTaxCode[]
}

/** In a third of the tenants some have a cycle or a grace of their own, in another third of all some are taxed. */
export function drawBilling(
  random: Random,
  accounts: readonly PlannedAccount[],
  operator: string,
  startMs: number,
): DrawnBilling {
  const hasCycles = random.below(3) === 0
  const isTaxed = random.below(3) === 0
  const drawn = hasCycles ? cycles.filter(() => random.below(2) === 0) : []
  const payers = accounts.filter(({ payer }) => payer === 'self').map(({ id }) => id)
  const profiles = [...payers, operator].map((id): PlannedProfile => {
    const cycle = random.below(2) === 0 ? drawn[random.below(Math.max(1, drawn.length))]?.id : undefined
    const mayWait = hasCycles && id !== operator
    return {
      id,
      ...(cycle === undefined ? {} : { cycle }),
      ...(mayWait ? sometimes(random, 4, () => ({ grace: graces[random.below(graces.length)] ?? '1h' })) : {}),
      ...sometimes(random, 12, () => ({ progressiveAmount: `${1 + random.below(9)}.5` })),
      ...(isTaxed ? drawTaxation(random) : {}),
    }
  })
  return {
    cycles: drawn,
    billingProfiles: profiles.filter((profile) => Object.keys(profile).length > 1),
    taxCodes: isTaxed ? drawTaxCodes(random, startMs) : [],
  }
}

/** Where somebody is taxed, and how as a seller. */
function drawTaxation(random: Random): Omit<PlannedProfile, 'id'> {
  const region = random.below(4) === 0 ? undefined : regions[random.below(regions.length)]
  const taxed =
    region === undefined ? {} : { region, ...sometimes(random, 6, () => ({ taxExemption: 'reverse charge' })) }
  return {
    ...taxed,
    ...sometimes(random, 3, () => ({ pricesIncludeTax: true })),
    ...sometimes(random, 2, () => ({ taxRounding: 'line' as const })),
  }
}

/** The codes that prices may name; some rates change in the month in which the world begins, or with the next one. */
function drawTaxCodes(random: Random, startMs: number): readonly PlannedTaxCode[] {
  const month = periodOf(startMs)
  const next = periodOf(startMs + 31 * dayMs)
  const percent = (): string => `${random.below(26)}.${random.below(10)}`
  return ['standard', 'reduced'].map((id) => ({
    id,
    rates: regions
      .slice(id === 'standard' ? 0 : random.below(2))
      .flatMap((region) => [
        { region, percent: percent(), from: '2020-01-01' },
        ...(random.below(2) === 0 ? [] : [{ region, percent: percent(), from: `${month}-16` }]),
        ...(random.below(3) > 0 ? [] : [{ region, percent: percent(), from: `${next}-01` }]),
      ]),
  }))
}

/** The tax code of a price or fee, where the tenant has any. */
export function drawTax(random: Random, taxCodes: readonly PlannedTaxCode[]): { readonly tax?: string } {
  const code = random.below(3) === 0 ? undefined : taxCodes[random.below(Math.max(1, taxCodes.length))]
  return code === undefined ? {} : { tax: code.id }
}
