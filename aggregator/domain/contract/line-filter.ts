import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { id } from '../catalogue/file-fields.ts'

/**
 * Which lines of a period a rule of a contract looks at. Null: it asks for nothing; a rule that asks for nothing at all
 * looks at every line, also at those that rules before it added.
 */
export interface LineFilter {
  readonly offerings: readonly string[] | null
  /** Usage of these meters, less what is included of it. */
  readonly meters: readonly string[] | null
  readonly kinds: readonly ('usage' | 'fee')[] | null
}

const mostNames = 1_000
const isEmpty = 'is empty; leave it out for all'

/** The fields of a filter, which stand among those of its rule. */
export const lineFilterFields = {
  offerings: z.array(id).min(1, isEmpty).max(mostNames, `has more than ${mostNames} names`).nullable().default(null),
  meters: z.array(id).min(1, isEmpty).max(mostNames, `has more than ${mostNames} names`).nullable().default(null),
  kinds: z
    .array(z.enum(['usage', 'fee']))
    .min(1, isEmpty)
    .max(2, 'has more than two kinds')
    .nullable()
    .default(null),
} as const

/** Whether a rule looks at everything. */
export function asksForAll({ offerings, meters, kinds }: LineFilter): boolean {
  return offerings === null && meters === null && kinds === null
}

/** The plain data of a filter, to be written among the fields of its rule. */
export function lineFilterJson({ offerings, meters, kinds }: LineFilter): { readonly [key: string]: JsonValue } {
  return {
    ...(offerings === null ? {} : { offerings: [...offerings] }),
    ...(meters === null ? {} : { meters: [...meters] }),
    ...(kinds === null ? {} : { kinds: [...kinds] }),
  }
}
