import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { id, instant, name } from '../catalogue/file-fields.ts'

/** An account hangs below another one from an instant on, with everything below it. */
export interface AccountMove {
  /** Epoch milliseconds. */
  readonly atMs: number
  readonly parent: string
}

/** What of the bill of an account that gets documents of its own is paid by whoever pays for its parent. */
export interface ParentPays {
  /** All usage of these meters stands on the documents of that payer. */
  readonly meters: readonly string[]
  /** Which part of everything else he takes over, decimal text above 0 and up to 1; null: none of it. */
  readonly share: string | null
}

/** What a tenant file says about an account below the operator. */
export interface AccountDefinition {
  readonly id: string
  readonly kind: 'reseller' | 'customer' | 'fleet'
  /** Where it hangs until its first move. */
  readonly parent: string
  readonly name: string
  /** `self` gets invoices; `parent` is a section of the parent's. */
  readonly payer: 'self' | 'parent'
  /** Null: nothing. */
  readonly parentPays: ParentPays | null
  /** In order of time, with unique instants. */
  readonly moves: readonly AccountMove[]
}

const mostMoves = 200
const mostMeters = 1_000

const share = z.unknown().transform((value, context): string => {
  if (typeof value === 'string' && /^(0\.(?!0+$)[0-9]{1,12}|1|1\.0{1,12})$/.test(value)) return value
  const message = 'is no share: write a decimal number above 0 and up to 1 in quotes, such as "0.25"'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

const parentPays = z
  .strictObject({
    meters: z.array(id).max(mostMeters, `names more than ${mostMeters} meters`).default([]),
    share: share.nullable().default(null),
  })
  .refine(({ meters, share: part }) => meters.length > 0 || part !== null, 'says neither meters: nor share:')

const move = z
  .strictObject({ at: instant, parent: id })
  .transform(({ at, ...own }): AccountMove => ({ ...own, atMs: at }))

// Most accounts never move, and there may be very many of them.
const noMoves: readonly AccountMove[] = []

/** An account as it stands in a tenant file. */
export const accountSchema = z
  .strictObject({
    id,
    kind: z.enum(['reseller', 'customer', 'fleet']),
    parent: id,
    name,
    payer: z.enum(['self', 'parent']),
    parentPays: parentPays.nullable().default(null),
    moves: z.array(move).max(mostMoves, `has more than ${mostMoves} moves`).optional(),
  })
  .transform(({ moves, ...own }): AccountDefinition => ({
    ...own,
    moves: moves === undefined ? noMoves : inOrder(moves),
  }))

/** The plain data that `accountSchema` reads back; what most accounts do not have is left out. */
export function accountJson({
  id: ownId,
  kind,
  parent,
  name: called,
  payer,
  parentPays: pays,
  moves,
}: AccountDefinition): JsonValue {
  return {
    id: ownId,
    kind,
    parent,
    name: called,
    payer,
    ...(pays === null ? {} : { parentPays: parentPaysJson(pays) }),
    ...(moves.length === 0
      ? {}
      : { moves: moves.map(({ atMs, parent: to }) => ({ at: formatInstant(atMs), parent: to })) }),
  }
}

function parentPaysJson({ meters, share: part }: ParentPays): JsonValue {
  return { ...(meters.length === 0 ? {} : { meters: meters.toSorted() }), ...(part === null ? {} : { share: part }) }
}

/** Where an account hangs at an instant: the id of its parent. */
export function parentAt({ parent, moves }: AccountDefinition, timeMs: number): string {
  return moves.findLast(({ atMs }) => atMs <= timeMs)?.parent ?? parent
}

function inOrder(moves: readonly AccountMove[]): readonly AccountMove[] {
  return moves.toSorted((left, right) => left.atMs - right.atMs)
}
