import { z } from 'zod'
import { assertThat } from '@meterline/shared/base/errors.ts'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import type { ZoneOffset } from '@meterline/shared/rating/zone-time.ts'
import { id } from '../catalogue/file-fields.ts'
import type { BillingCycle } from './billing-cycle.ts'

/** A billing cycle as a tenant file declares it. */
export interface CycleDefinition {
  readonly id: string
  /** The day of the month on which its periods begin, 1 to 31. */
  readonly day: number
  /** Name of the IANA time zone database, or `UTC`. */
  readonly zone: string
}

/** A billing cycle as it stands in a tenant file. */
export const cycleSchema = z.strictObject({
  id,
  day: z.int().min(1, 'is no day of a month: write 1 to 31').max(31, 'is no day of a month: write 1 to 31'),
  zone: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, 'is no name of a time zone such as Europe/Berlin')
    .default('UTC'),
})

/** The plain data that `cycleSchema` reads back. */
export function cycleJson({ id: ownId, day, zone }: CycleDefinition): JsonValue {
  return { id: ownId, day, zone }
}

/** A declared cycle with the offsets of its zone; `zones` are those of the same tenant file, which lists every zone but UTC. */
export function compiledCycle(
  { id: ownId, day, zone }: CycleDefinition,
  zones: ReadonlyMap<string, readonly ZoneOffset[]>,
): BillingCycle {
  if (zone === 'UTC') return { id: ownId, day, offsets: null }
  const offsets = zones.get(zone)
  assertThat(offsets !== undefined, `the zone ${zone} of the cycle ${ownId} is in a checked tenant file`)
  return { id: ownId, day, offsets }
}
