import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { labelsText } from '@meterline/shared/rating/check-matrix.ts'
import type { MatrixPrice } from '@meterline/shared/rating/matrix.ts'
import { priceJson } from '@meterline/shared/rating/price.ts'

type When = readonly (string | null)[]

/**
 * How a meter's column of a table differs from what it was, as a phrase; null when everything that had a price keeps it.
 * Rows may be added for usage that had none: a new row is never more specific than an old one that matches the same usage.
 */
export function tableDifference(before: MatrixPrice, after: MatrixPrice): string | null {
  const { dimensions } = before
  if (canonicalJson(dimensions) !== canonicalJson(after.dimensions)) {
    return `its dimensions were ${dimensions.join(', ')}`
  }
  const known = new Map(before.rows.map((row) => [JSON.stringify(row.when), row]))
  const now = new Map(after.rows.map((row) => [JSON.stringify(row.when), row]))
  for (const [when, row] of known) {
    const kept = now.get(when)
    if (kept === undefined) return `its row for ${labelsText(dimensions, row.when)} is not there any more`
    if (canonicalJson(priceJson(kept.price)) !== canonicalJson(priceJson(row.price))) {
      return `its row for ${labelsText(dimensions, row.when)} says something else`
    }
  }
  const added = after.rows.filter(({ when }) => !known.has(JSON.stringify(when))).map(({ when }) => when)
  const prevailing = firstPrevailing(
    before.rows.map(({ when }) => when),
    added,
  )
  if (prevailing === null) return null
  return `its new row for ${labelsText(dimensions, prevailing)} is for usage that another row prices by now`
}

/** The first new row that is more specific than an old one that matches some of the same usage. */
function firstPrevailing(known: readonly When[], added: readonly When[]): When | null {
  const groups = Map.groupBy(known, (when) => placesOf(when).join())
  // What the old rows of a group say at some of their places, worked out once for all new rows that share those.
  const said = new Map<string, ReadonlySet<string>>()
  for (const when of added) {
    const places = placesOf(when)
    for (const [name, rows] of groups) {
      const own = placesOf(rows[0] ?? [])
      if (own.length >= places.length) continue
      const shared = own.filter((place) => places.includes(place))
      const key = `${name}/${shared.join()}`
      let texts = said.get(key)
      if (texts === undefined) said.set(key, (texts = new Set(rows.map((row) => textsAt(row, shared)))))
      if (texts.has(textsAt(when, shared))) return when
    }
  }
  return null
}

function placesOf(when: When): readonly number[] {
  return when.flatMap((text, place) => (text === null ? [] : [place]))
}

function textsAt(when: When, places: readonly number[]): string {
  return JSON.stringify(places.map((place) => when[place] ?? null))
}
