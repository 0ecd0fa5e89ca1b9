import type { Draft, Placed } from '../domain/catalogue/draft.ts'
import { namesOf, unknownName } from '../domain/catalogue/check-references.ts'
import type { Problem } from '../domain/catalogue/problem.ts'
import type { ListKey } from '../domain/catalogue/tenant-file.ts'

type Path = readonly (string | number)[]

/**
 * What entries name that is not there, of the entries that are not well-formed and so are missing in the draft: an amount
 * that is wrong must not hide that the meter is wrong as well. What is well-formed is checked by `checkReferences`.
 */
export function malformedReferences(file: unknown, draft: Draft): readonly Problem[] {
  const known = {
    meters: namesOf(draft.declared.meters),
    taxCodes: namesOf(draft.declared.taxCodes),
    matrices: namesOf(draft.declared.matrices),
    prices: namesOf(draft.declared.prices),
    offerings: namesOf(draft.declared.offerings),
    accounts: namesOf(draft.declared.accounts),
  }
  const names = (value: unknown, list: keyof typeof known, kind: string, path: Path): readonly Problem[] =>
    typeof value === 'string' ? unknownName(value, known[list], kind, path) : []
  const prices = (value: unknown, path: Path): readonly Problem[] =>
    elementsOf(value).flatMap((id, place) => names(id, 'prices', 'price', [...path, place]))
  return [
    ...malformed(file, 'prices', draft.prices).flatMap(([price, path]) => [
      ...names(price['meter'], 'meters', 'meter', [...path, 'meter']),
      ...names(price['tax'], 'taxCodes', 'tax code', [...path, 'tax']),
      ...[price, ...elementsOf(price['changes'])].flatMap((terms, place) => {
        const own = place === 0 ? path : [...path, 'changes', place - 1]
        return isMapping(terms) ? names(terms['matrix'], 'matrices', 'matrix', [...own, 'matrix']) : []
      }),
    ]),
    ...malformed(file, 'offerings', draft.offerings).flatMap(([offering, path]) => [
      ...prices(offering['prices'], [...path, 'prices']),
      ...elementsOf(offering['versions']).flatMap((version, place) =>
        isMapping(version) ? prices(version['prices'], [...path, 'versions', place, 'prices']) : [],
      ),
    ]),
    ...malformed(file, 'subscriptions', draft.subscriptions).flatMap(([subscription, path]) => [
      ...names(subscription['offering'], 'offerings', 'offering', [...path, 'offering']),
      // The operator is an account too, and so may be one that cannot be read.
      ...(draft.operator === null || subscription['account'] === draft.operator.id
        ? []
        : names(subscription['account'], 'accounts', 'account', [...path, 'account'])),
    ]),
  ]
}

/** The entries of a list that are mappings and not in the draft, with their paths. */
function malformed(
  file: unknown,
  list: ListKey,
  sound: readonly Placed<unknown>[],
): readonly (readonly [entry: Readonly<Record<string, unknown>>, path: Path])[] {
  const places = new Set(sound.map(({ index }) => index))
  return elementsOf(isMapping(file) ? file[list] : null).flatMap((entry, index) =>
    isMapping(entry) && !places.has(index) ? [[entry, [list, index]] as const] : [],
  )
}

function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
