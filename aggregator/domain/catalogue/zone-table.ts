import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { zoneOffsetsField } from '@meterline/shared/rating/schema/routed-fields.ts'
import type { ZoneOffset } from '@meterline/shared/rating/zone-time.ts'

/** A time zone as prices by time of use were compiled with: worked out once, so that later data of zones changes nothing. */
export interface ZoneTable {
  /** Name of the IANA time zone database. */
  readonly id: string
  readonly offsets: readonly ZoneOffset[]
}

/** A zone as it stands in a tenant file: offsets as pairs of an instant in milliseconds and minutes ahead of UTC. */
export const zoneTableSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/, 'is no name of a time zone such as Europe/Berlin'),
  offsets: zoneOffsetsField,
})

/** The plain data that `zoneTableSchema` reads back. */
export function zoneTableJson({ id, offsets }: ZoneTable): JsonValue {
  return { id, offsets: offsets.map(({ fromMs, offsetMinutes }) => [fromMs, offsetMinutes]) }
}
