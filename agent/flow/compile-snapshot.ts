import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import {
  decodeSnapshotPart,
  readSnapshotParts,
  type SnapshotContent,
  type SnapshotPart,
} from '@meterline/shared/model/snapshot-part.ts'
import type { SnapshotFault } from '@meterline/shared/model/snapshot.ts'
import { compilePrice, type CompiledPrice } from '@meterline/shared/rating/price.ts'
import type { PlanSpan, PrerateTable } from '../domain/prerate.ts'
import type { StoredPart } from '../store/snapshot-tables.ts'
import type { AcceptedSnapshot } from './accept-snapshot.ts'

/** Reads the parts of a verified snapshot and compiles them for pre-rating. Parts that it does not name are passed over. */
export function compileSnapshot(
  { hash, snapshot }: AcceptedSnapshot,
  stored: readonly StoredPart[],
): Result<PrerateTable, SnapshotFault> {
  const bytesOf = new Map(stored.map((part) => [toHex(part.hash), part.bytes]))
  const parts = new Map<string, SnapshotPart>()
  for (const named of snapshot.parts) {
    const bytes = bytesOf.get(named.hash)
    if (bytes === undefined)
      return failed(fault('snapshot_part_missing', `the part ${named.hash} of the snapshot is not here`))
    const part = decodeSnapshotPart(bytes)
    if (!part.ok) return part
    parts.set(named.hash, part.value)
  }
  const content = readSnapshotParts(parts)
  if (!content.ok) return content
  const { version, bindingsHash } = snapshot
  const { units, plans } = compileContent(content.value)
  return ok({ snapshotHash: hash, version, bindingsHash, units, plans })
}

function compileContent({ meters, prices, plans }: SnapshotContent): Pick<PrerateTable, 'units' | 'plans'> {
  // What a counter or gauge comes to depends on readings that other agents may hold, so only sums are pre-rated.
  const units = new Map(meters.filter(({ kind }) => kind === undefined).map(({ id, unit }) => [id, unit]))
  const compiled = new Map<string, { readonly meter: string; readonly price: CompiledPrice }>()
  for (const { id, meter, price } of prices) {
    if (units.has(meter)) compiled.set(id, { meter, price: compilePrice(price) })
  }
  // Plans mostly differ in few of their spans: lists of the same prices are one map.
  const shared = new Map<string, PlanSpan['prices']>()
  const pricesOf = (ids: readonly string[]): PlanSpan['prices'] => {
    const key = ids.join()
    const known = shared.get(key)
    if (known !== undefined) return known
    const found = ids.flatMap((id) => compiled.get(id) ?? [])
    const own = new Map(found.map(({ meter, price }) => [meter, price]))
    shared.set(key, own)
    return own
  }
  const spansOf = new Map<string, readonly PlanSpan[]>()
  for (const { id, spans } of plans) {
    const compiledSpans = spans.map((span) => ({ fromMs: span.fromMs ?? -Infinity, prices: pricesOf(span.prices) }))
    spansOf.set(id, compiledSpans)
  }
  return { units, plans: spansOf }
}
