import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { priceJson, priceModels, type Price } from '@meterline/shared/rating/price.ts'
import { priceSchema } from '@meterline/shared/rating/price-schema.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { feeJson, feeModels, feeSchema, type FeeTerms } from './fee.ts'
import { id, instant } from './file-fields.ts'

/** A price that takes a meter's column of a matrix of the tenant file. */
export interface MatrixReference {
  readonly model: 'matrix'
  readonly matrix: string
}

/** A price for usage as a tenant file states it: a matrix may be named, and zones need no offsets. */
export type StatedPrice = Price | MatrixReference

/** Other terms from an instant on, for everybody who has the price, by the time of usage. */
export interface DatedChange<Terms> {
  readonly fromMs: number
  readonly terms: Terms
}

interface Stated<Terms> {
  readonly id: string
  /** Null: the tenant's. */
  readonly currency: string | null
  /** The id of a tax code; null: none. */
  readonly tax: string | null
  /** Until the first change. */
  readonly terms: Terms
  /** Unique instants. */
  readonly changes: readonly DatedChange<Terms>[]
}

/** What usage of a meter costs. */
export interface UsagePriceDefinition extends Stated<StatedPrice> {
  readonly meter: string
}

/** What is owed whether or not anything is used. */
export interface FeeDefinition extends Stated<FeeTerms> {
  readonly meter: null
}

/** One entry of the prices of a tenant file. */
export type PriceDefinition = UsagePriceDefinition | FeeDefinition

/** Whether a price names a matrix of the file instead of stating its rows. */
export function namesMatrix(terms: StatedPrice): terms is MatrixReference {
  return 'matrix' in terms
}

/** Terms of a definition, each from when on; the first holds for all time before as well. */
export function termsOverTime<Terms>({ terms, changes }: Stated<Terms>): readonly DatedChange<Terms>[] {
  return [{ fromMs: -Infinity, terms }, ...changes.toSorted((left, right) => left.fromMs - right.fromMs)]
}

type Mapping = Readonly<Record<string, unknown>>
/**
 * Checks a part of a price against a schema, reporting what is wrong at its place (`path` is within the price); null when
 * something is.
 */
export type CheckPart = <Schema extends z.ZodType>(
  schema: Schema,
  path: readonly (string | number)[],
  value: unknown,
) => z.output<Schema> | null

const mostChanges = 1_000
const changes = z.array(z.unknown()).max(mostChanges, `has more than ${mostChanges} changes`).default([])
const stated = { id, currency: z.string().nullable().default(null), tax: id.nullable().default(null), changes }
const ownSchemas = {
  usage: z.strictObject({ ...stated, meter: id }),
  fee: z.strictObject({
    ...stated,
    meter: z.undefined('goes with prices for usage; a recurring or one-time price has none: remove it').optional(),
  }),
} as const
const matrixReferenceSchema = z.strictObject({ model: z.literal('matrix'), matrix: id })
const knownModels = [...priceModels, ...feeModels] as const
const modelSchema = z.looseObject({ model: z.enum(knownModels) })
const changeSchema = z.strictObject({ from: instant })
const anyMapping = z.looseObject({})

/** What a dated change says beside its terms. */
export const keysOfChange: readonly string[] = Object.keys(changeSchema.shape)
/** What a price says beside its terms. */
export const keysOfPrice: readonly string[] = Object.keys(ownSchemas.usage.shape)

/**
 * Reads one entry of a file's prices. What a price is called and its terms are checked apart, since the terms' own
 * schema, which refuses unknown keys, knows nothing of catalogues.
 */
export function readPriceDefinition(value: unknown, check: CheckPart): PriceDefinition | null {
  if (!isMapping(value)) {
    check(anyMapping, [], value)
    return null
  }
  const [own, terms] = divided(value, keysOfPrice)
  if (isFeeModel(terms['model'])) {
    const fee = readStated(check(ownSchemas.fee, [], own), terms, readFee, check)
    return fee === null ? null : { ...fee, meter: null }
  }
  const definition = check(ownSchemas.usage, [], own)
  const price = readStated(definition, terms, readPrice, check)
  return definition === null || price === null ? null : { ...price, meter: definition.meter }
}

type Path = readonly (string | number)[]
type ReadTerms<Terms> = (value: Mapping, path: Path, check: CheckPart) => Terms | null

/** What usage prices and fees have in common; everything is read, also when something before it is wrong. */
function readStated<Terms>(
  own: (Pick<Stated<Terms>, 'id' | 'currency' | 'tax'> & { readonly changes: readonly unknown[] }) | null,
  stating: Mapping,
  readTerms: ReadTerms<Terms>,
  check: CheckPart,
): Stated<Terms> | null {
  const terms = readTerms(stating, [], check)
  const read = own?.changes.map((change, index) => readChange(change, ['changes', index], readTerms, check)) ?? []
  const sound = read.filter((change) => change !== null)
  if (own === null || terms === null || sound.length < read.length) return null
  return { id: own.id, currency: own.currency, tax: own.tax, terms, changes: sound }
}

function readChange<Terms>(
  value: unknown,
  path: Path,
  readTerms: ReadTerms<Terms>,
  check: CheckPart,
): DatedChange<Terms> | null {
  if (!isMapping(value)) {
    check(anyMapping, path, value)
    return null
  }
  const [own, stating] = divided(value, keysOfChange)
  const date = check(changeSchema, path, own)
  const terms = readTerms(stating, path, check)
  return date === null || terms === null ? null : { fromMs: date.from, terms }
}

function readFee(value: Mapping, path: Path, check: CheckPart): FeeTerms | null {
  return check(modelSchema, path, value) === null ? null : check(feeSchema, path, value)
}

function readPrice(value: Mapping, path: Path, check: CheckPart): StatedPrice | null {
  if (check(modelSchema, path, value) === null) return null
  return 'matrix' in value ? check(matrixReferenceSchema, path, value) : check(priceSchema, path, value)
}

/** An entry of a file's prices as one schema, for reading back what was accepted before. */
export const priceDefinitionSchema = z.unknown().transform((value, context): PriceDefinition => {
  const check: CheckPart = (schema, path, part) => {
    const parsed = schema.safeParse(part)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) {
      context.addIssue({ code: 'custom', message: issue.message, path: [...path, ...issue.path] })
    }
    return null
  }
  return readPriceDefinition(value, check) ?? z.NEVER
})

/** The plain data that `priceDefinitionSchema` reads back. */
export function priceDefinitionJson(definition: PriceDefinition): { readonly [key: string]: JsonValue } {
  const { id: ownId, meter, currency, tax } = definition
  const dated = definition.meter === null ? termsOverTime(definition) : termsOverTime(definition)
  const [, ...later] = dated
  return {
    id: ownId,
    ...(meter === null ? {} : { meter }),
    ...(currency === null ? {} : { currency }),
    ...(tax === null ? {} : { tax }),
    ...termsJson(definition.terms),
    ...(later.length === 0
      ? {}
      : { changes: later.map(({ fromMs, terms }) => ({ from: formatInstant(fromMs), ...termsJson(terms) })) }),
  }
}

/** Terms as plain data, in the form people write. */
export function termsJson(terms: StatedPrice | FeeTerms): { readonly [key: string]: JsonValue } {
  if (isFee(terms)) return feeJson(terms)
  return namesMatrix(terms) ? { ...terms } : priceJson(terms)
}

function isFee(terms: StatedPrice | FeeTerms): terms is FeeTerms {
  return isFeeModel(terms.model)
}

function divided(value: Mapping, keys: readonly string[]): readonly [own: Mapping, rest: Mapping] {
  const entries = Object.entries(value)
  return [
    Object.fromEntries(entries.filter(([key]) => keys.includes(key))),
    Object.fromEntries(entries.filter(([key]) => !keys.includes(key))),
  ]
}

function isFeeModel(model: unknown): boolean {
  return feeModels.some((known) => known === model)
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
