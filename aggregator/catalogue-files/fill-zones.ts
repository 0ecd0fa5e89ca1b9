import { formatPath, type Mistake } from '@meterline/shared/config/mistakes.ts'
import type { Draft } from '../domain/catalogue/draft.ts'
import type { StatedPrice } from '../domain/catalogue/price-definition.ts'
import { zonesNamedBy } from '../domain/catalogue/resolve-price.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import type { ZoneTable } from '../domain/catalogue/zone-table.ts'
import type { Place } from './part-reader.ts'
import { zoneOffsets } from './zone-offsets.ts'

/**
 * A draft with the zones its prices and billing cycles name and it does not list itself. A zone of the version applied before keeps its
 * offsets, so that newer data of zones never changes a price or a period by the way; any other is worked out. What is no zone is
 * reported where it is named first, and not again by later checks.
 */
export function fillZones(
  draft: Draft,
  before: TenantFile | null,
  place: Place,
): { readonly draft: Draft; readonly mistakes: readonly Mistake[] } {
  const listed = new Set(draft.declared.zones.map(({ value }) => value))
  const earlier = new Map((before?.zones ?? []).map((zone) => [zone.id, zone]))
  const found = new Map<string, ZoneTable | null>()
  const mistakes: Mistake[] = []
  for (const { zone, path } of namedZones(draft)) {
    if (listed.has(zone) || found.has(zone)) continue
    const known = earlier.get(zone)
    if (known !== undefined) {
      found.set(zone, known)
      continue
    }
    const offsets = zoneOffsets(zone)
    found.set(zone, offsets.ok ? { id: zone, offsets: offsets.value } : null)
    if (offsets.ok) continue
    mistakes.push({ ...place(path, 'value'), path: formatPath(path), message: `is no zone: ${offsets.fault.message}` })
  }
  const first = draft.zones.length
  const added = [...found.values()].filter((zone) => zone !== null)
  return {
    mistakes,
    draft: {
      ...draft,
      zones: [...draft.zones, ...added.map((value, index) => ({ value, index: first + index }))],
      declared: {
        ...draft.declared,
        zones: [...draft.declared.zones, ...[...found.keys()].map((value, index) => ({ value, index: first + index }))],
      },
    },
  }
}

interface ZoneInFile {
  readonly zone: string
  readonly path: readonly (string | number)[]
}

function namedZones(draft: Draft): readonly ZoneInFile[] {
  const named: ZoneInFile[] = []
  const add = (terms: StatedPrice, at: readonly (string | number)[]): void => {
    for (const { zone, path } of zonesNamedBy(terms)) named.push({ zone, path: [...at, ...path] })
  }
  for (const { value, index } of draft.prices) {
    if (value.meter === null) continue
    add(value.terms, ['prices', index])
    value.changes.forEach(({ terms }, change) => add(terms, ['prices', index, 'changes', change]))
  }
  for (const { value, index } of draft.cycles) {
    if (value.zone !== 'UTC') named.push({ zone: value.zone, path: ['cycles', index, 'zone'] })
  }
  return named
}
