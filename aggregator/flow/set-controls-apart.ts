import type { IndexedUnit } from '../domain/rating-of-record/rate-batch.ts'
import { controlView } from '../domain/correlation/control-units.ts'
import type { UsageWatch } from '../domain/completeness/watch.ts'
import type { ControlRow } from '../store/correlation-table.ts'

/** The code of a unit that is partly for control. */
export const controlMixedCode = 'control_mixed'

/** The units of a batch as correlations see them. The lists fill while `units` is read. */
export interface ControlsApart {
  /** Those that are rated like any other. */
  readonly units: Iterable<IndexedUnit>
  /** Those that are only compared. */
  readonly controls: readonly ControlRow[]
  /** Those that are partly for control: they go to suspense. */
  readonly mixed: readonly { readonly unit: number; readonly code: string; readonly message: string }[]
}

/** Takes the units that correlations keep from being charged out of those to rate. */
export function setControlsApart(watch: UsageWatch, logIndex: number, admitted: Iterable<IndexedUnit>): ControlsApart {
  if (watch.correlations.size === 0) return { units: admitted, controls: [], mixed: [] }
  const controls: ControlRow[] = []
  const mixed: { readonly unit: number; readonly code: string; readonly message: string }[] = []
  const charged = function* (): Iterable<IndexedUnit> {
    for (const indexed of admitted) {
      const { index, unit } = indexed
      const view = controlView(watch, unit)
      if (view.kind === 'charged') yield indexed
      else if (view.kind === 'control') controls.push({ logIndex, unit: index, rule: view.rule })
      else {
        const reason = `the correlation ${view.rule} keeps ${unit.source} from being charged, but it measures ${view.meter} as well`
        const message = `${reason}: correlate that meter too, or let the source report it in events of its own`
        mixed.push({ unit: index, code: controlMixedCode, message })
      }
    }
  }
  return { units: charged(), controls, mixed }
}
