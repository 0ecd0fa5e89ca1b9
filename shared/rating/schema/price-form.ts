import { z } from 'zod'
import { assertThat } from '../../base/errors.ts'
import type { Price } from '../price.ts'

/** How one model of prices is written: its fields, and the price that is read from them. */
export interface PriceForm<Own extends Price> {
  readonly fields: z.ZodRawShape
  /** The schema of the price alone. */
  readonly schema: FormSchema<Own>
  /** The schema of an object that has fields beside those of the price, such as its id: both come out apart. */
  beside<Beside extends z.ZodRawShape>(beside: Beside): FormSchema<PriceBeside<Beside, Own>>
}

/** A price and what was written beside its terms. */
export interface PriceBeside<Beside extends z.ZodRawShape, Own extends Price> {
  readonly beside: z.output<z.ZodObject<Beside>>
  readonly price: Own
}

/** A schema that a union told apart by `model` may hold. */
export type FormSchema<Output> = z.ZodType<Output> & z.core.$ZodTypeDiscriminable

/**
 * A form from its fields, `model` among them, and the function that makes the price of what was written in them; what is
 * wrong between fields it adds to the context.
 */
export function priceForm<Fields extends z.ZodRawShape, Own extends Price>(
  fields: Fields,
  priceOf: (written: z.output<z.ZodObject<Fields>>, context: z.RefinementCtx) => Own,
): PriceForm<Own> {
  const beside = <Beside extends z.ZodRawShape>(others: Beside): FormSchema<PriceBeside<Beside, Own>> =>
    z
      .strictObject({ ...others, ...fields })
      .transform((written, context) => ({
        beside: only(written, others) as z.output<z.ZodObject<Beside>>,
        price: priceOf(only(written, fields) as z.output<z.ZodObject<Fields>>, context),
      }))
  return { fields, beside, schema: beside({}).transform(({ price }) => price) }
}

/** The schema of a price in any of the forms, which are told apart by `model`. */
export function unionOfForms<Own extends Price>(forms: readonly PriceForm<Own>[]): FormSchema<Own> {
  return unionOf(forms.map(({ schema }) => schema))
}

/** The same with fields beside those of the price. */
export function unionOfFormsBeside<Beside extends z.ZodRawShape, Form extends PriceForm<Price>>(
  beside: Beside,
  forms: readonly Form[],
): FormSchema<PriceBeside<Beside, PriceOf<Form>>> {
  return unionOf(forms.map((form) => form.beside(beside) as FormSchema<PriceBeside<Beside, PriceOf<Form>>>))
}

type PriceOf<Form> = Form extends PriceForm<infer Own> ? Own : never

function unionOf<Output>(schemas: readonly FormSchema<Output>[]): FormSchema<Output> {
  const [first, ...others] = schemas
  assertThat(first !== undefined, 'a price has at least one form')
  return z.discriminatedUnion('model', [first, ...others])
}

/** The fields that are there: what was left out is no field with the value undefined. */
export function withoutMissing<Written extends object>(written: Written): Present<Written> {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) as Present<Written>
}

type Present<Written> = { [Key in keyof Written]: Exclude<Written[Key], undefined> }

function only(written: object, shape: z.ZodRawShape): object {
  return Object.fromEntries(Object.entries(written).filter(([key]) => Object.hasOwn(shape, key)))
}
