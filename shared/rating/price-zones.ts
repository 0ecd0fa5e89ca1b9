import type { MatrixPrice, RowPrice } from './matrix.ts'
import type { TimeOfUsePrice, ZoneOffset } from './time-of-use.ts'

/** The zones whose offsets a price still lacks, each once. */
export function unresolvedZones(price: RowPrice | MatrixPrice): readonly string[] {
  const missing = timesOfUse(price).flatMap(({ zone, offsets }) => (offsets.length === 0 ? [zone] : []))
  return [...new Set(missing)]
}

/** The price with the offsets of its zones where it lacks them; a zone that is not among the given ones stays as it is. */
export function withZoneOffsets<Own extends RowPrice | MatrixPrice>(
  price: Own,
  offsetsByZone: ReadonlyMap<string, readonly ZoneOffset[]>,
): Own {
  if (price.model === 'matrix') {
    return { ...price, rows: price.rows.map((row) => ({ ...row, price: withZoneOffsets(row.price, offsetsByZone) })) }
  }
  if (price.model !== 'time-of-use' || price.offsets.length > 0) return price
  return { ...price, offsets: offsetsByZone.get(price.zone) ?? [] }
}

/** The price as people write it, without the offsets that were worked out. */
export function withoutZoneOffsets<Own extends RowPrice | MatrixPrice>(price: Own): Own {
  if (price.model === 'matrix') {
    return { ...price, rows: price.rows.map((row) => ({ ...row, price: withoutZoneOffsets(row.price) })) }
  }
  return price.model === 'time-of-use' ? { ...price, offsets: [] } : price
}

function timesOfUse(price: RowPrice | MatrixPrice): readonly TimeOfUsePrice[] {
  if (price.model === 'matrix') return price.rows.flatMap((row) => timesOfUse(row.price))
  return price.model === 'time-of-use' ? [price] : []
}
