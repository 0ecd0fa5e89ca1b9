import type { Price } from '@meterline/shared/rating/price.ts'
import { unresolvedZones, withZoneOffsets } from '@meterline/shared/rating/price-zones.ts'
import type { ZoneOffset } from '@meterline/shared/rating/zone-time.ts'
import { matrixPriceFor, type MatrixTable } from './matrix-table.ts'
import { namesMatrix, type StatedPrice } from './price-definition.ts'
import type { ZoneTable } from './zone-table.ts'

/** What prices of a tenant file may name. */
export interface PriceReferences {
  readonly matrices: ReadonlyMap<string, MatrixTable>
  readonly zones: ReadonlyMap<string, readonly ZoneOffset[]>
}

/** The matrices and zones of a file by id. */
export function priceReferences(file: {
  readonly matrices: readonly MatrixTable[]
  readonly zones: readonly ZoneTable[]
}): PriceReferences {
  return {
    matrices: new Map(file.matrices.map((matrix) => [matrix.id, matrix])),
    zones: new Map(file.zones.map(({ id, offsets }) => [id, offsets])),
  }
}

/** A price of a meter with everything in it that it names; null when the file lacks something it names. */
export function resolvedPrice(stated: StatedPrice, meter: string, references: PriceReferences): Price | null {
  if (namesMatrix(stated)) {
    const matrix = references.matrices.get(stated.matrix)
    return matrix === undefined ? null : matrixPriceFor(matrix, meter)
  }
  if (unresolvedZones(stated).length === 0) return stated
  const price = withZoneOffsets(stated, references.zones)
  return unresolvedZones(price).length === 0 ? price : null
}

/** A zone that a price names without stating its offsets, at its place in the price. */
export interface NamedZone {
  readonly zone: string
  readonly path: readonly (string | number)[]
}

/** The zones whose offsets a price leaves to the catalogue, each once. */
export function zonesNamedBy(stated: StatedPrice): readonly NamedZone[] {
  if (namesMatrix(stated)) return []
  const path = stated.model === 'time-of-use' ? ['zone'] : ['rows']
  return unresolvedZones(stated).map((zone) => ({ zone, path }))
}
