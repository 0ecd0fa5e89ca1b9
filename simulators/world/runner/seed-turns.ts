import type { FaultMode } from '../../faults/fault-mode.ts'
import type { FaultGroup } from '../../faults/fault-groups.ts'
import type { WorldOrder } from '../world-options.ts'

/** A world to be run, once or twice. */
export interface Turn {
  readonly index: number
  readonly order: WorldOrder
  /** Runs it a second time: both must come to the same trace. */
  readonly twice: boolean
}

/** What a person asked for. Where `hours` and `publishesPerDevice` are null each turn has the usual ones. */
export interface TurnsOrder {
  readonly firstSeed: string
  readonly seeds: number
  readonly modes: readonly FaultMode[]
  readonly hours: number | null
  readonly publishesPerDevice: number | null
  readonly without: readonly FaultGroup[]
  /** Of a hundred worlds, how many run twice. */
  readonly twicePercent: number
}

/**
 * The modes of fifty worlds in a row. Streams and disks promise the most, so they have most turns; one world of fifty
 * has no faults at all, which shows that what the others report is not the world's own doing.
 */
const fiftyTurns: readonly FaultMode[] = turnsOf({
  stream: 14,
  disk: 13,
  misbehaving: 10,
  damage: 6,
  actors: 6,
  none: 1,
})

/** One world of fifty is long: a month passes, periods are closed on the way, partitions last for weeks. */
const turnsPerLongWorld = 50
const longHours = 40 * 24
const longPublishes = 10
const shortHours = 0.25
const shortPublishes = 3

/** The `index`-th world of a run: the same for the same order, whoever runs it. */
export function turnOf(order: TurnsOrder, index: number): Turn {
  const { firstSeed, seeds, modes, without, twicePercent } = order
  const turns = fiftyTurns.filter((mode) => modes.includes(mode))
  const isLong = index % turnsPerLongWorld === turnsPerLongWorld - 1
  return {
    index,
    order: {
      seed: seeds === 1 ? firstSeed : `${firstSeed}-${index}`,
      faults: turns[index % turns.length] ?? 'none',
      hours: order.hours ?? (isLong ? longHours : shortHours),
      publishesPerDevice: order.publishesPerDevice ?? (isLong ? longPublishes : shortPublishes),
      without,
    },
    twice: Math.floor(((index + 1) * twicePercent) / 100) > Math.floor((index * twicePercent) / 100),
  }
}

/** The command that runs one world again and tells everything that happens in it. */
export function replayCommand({ seed, faults, hours, publishesPerDevice, without }: WorldOrder): string {
  const left = without.length === 0 ? '' : ` --without ${without.join(',')}`
  return `npm run world -- --seeds 1 --seed ${seed} --modes ${faults} --hours ${hours} --publishes ${publishesPerDevice}${left} --trace`
}

/** Each mode as often as it has turns, spread evenly. */
function turnsOf(weights: Readonly<Record<FaultMode, number>>): readonly FaultMode[] {
  // The record's keys are the modes.
  const modes = Object.entries(weights) as [FaultMode, number][]
  return modes
    .flatMap(([mode, weight]) => Array.from({ length: weight }, (_, turn) => ({ mode, at: (turn + 0.5) / weight })))
    .toSorted((a, b) => a.at - b.at)
    .map(({ mode }) => mode)
}
