import type { Random } from '@meterline/shared/base/random.ts'
import type { FileImage } from './file-image.ts'
import type { WriteStage } from './write-stages.ts'

/** A disk writes a sector whole or not at all; file systems and caches write pages. */
const sectorBytes = 512
const pageBytes = 4096

/** What becomes of writes that nobody had waited for when the power goes. */
type Fate = 'dropped' | 'torn' | 'reordered' | 'kept'
const fates: readonly Fate[] = ['dropped', 'torn', 'reordered', 'reordered', 'kept']

/** What a file holds where it was made longer and the bytes never came: holes read as zeros, old blocks as anything. */
type Filling = 'zeros' | 'garbage'

/**
 * What a power cut leaves of an operation with these stages: everything of the stages before the one it struck, and any
 * part of that one. A null says that the operation had written nothing.
 */
export function imageAfterPowerCut(random: Random, stages: readonly WriteStage[]): FileImage | null {
  const stage = stages[random.below(Math.max(1, stages.length))]
  if (stage === undefined) return null
  return {
    database: torn(random, stage.from.database, stage.to.database),
    log: torn(random, stage.from.log, stage.to.log),
  }
}

/**
 * What is left when only the process dies in the middle: the kernel keeps each write it was given, and SQLite makes them
 * in the order of their places.
 */
export function imageAfterKill(random: Random, stages: readonly WriteStage[]): FileImage | null {
  const stage = stages[random.below(Math.max(1, stages.length))]
  if (stage === undefined) return null
  const { from, to } = stage
  return { database: prefixOf(random, from.database, to.database), log: prefixOf(random, from.log, to.log) }
}

/** Takes the sectors in which `later` differs from `earlier` back to `earlier` wherever `now` still holds them. */
export function takenBack(now: Buffer, earlier: Buffer, later: Buffer): Buffer {
  const left = Buffer.from(now)
  for (let offset = 0; offset < Math.min(later.length, now.length); offset += sectorBytes) {
    const end = Math.min(offset + sectorBytes, later.length)
    const written = later.subarray(offset, end)
    if (written.equals(earlier.subarray(offset, end)) || !written.equals(now.subarray(offset, end))) continue
    left.fill(0, offset, end)
    if (offset < earlier.length) earlier.copy(left, offset, offset, end)
  }
  return left
}

function torn(random: Random, from: Buffer, to: Buffer): Buffer {
  if (from.equals(to)) return from
  const fate = fates[random.below(fates.length)] ?? 'dropped'
  if (fate === 'dropped') return from
  if (fate === 'kept') return to
  const unitBytes = random.below(2) === 0 ? sectorBytes : pageBytes
  const filling: Filling = random.below(2) === 0 ? 'zeros' : 'garbage'
  const units = Math.ceil(to.length / unitBytes)
  const changed = Array.from({ length: units }, (_, unit) => unit).filter((unit) => differs(from, to, unit, unitBytes))
  const kept = new Set<number>()
  if (fate === 'torn') {
    for (const unit of changed.slice(0, random.below(changed.length + 1))) kept.add(unit)
  } else {
    const perMille = 100 + random.below(801)
    for (const unit of changed) if (random.below(1000) < perMille) kept.add(unit)
  }
  return assembled(random, from, to, { kept, unitBytes, filling })
}

function assembled(
  random: Random,
  from: Buffer,
  to: Buffer,
  { kept, unitBytes, filling }: { kept: ReadonlySet<number>; unitBytes: number; filling: Filling },
): Buffer {
  // The new length is written apart from the bytes: with them, or without those that it was made for.
  const isLengthWritten = random.below(2) === 0
  const reached = Math.min(to.length, (Math.max(-1, ...kept) + 1) * unitBytes)
  const unwritten = to.length < from.length ? from.length : Math.max(from.length, reached)
  const left = Buffer.alloc(isLengthWritten ? to.length : unwritten)
  if (filling === 'garbage' && left.length > from.length) {
    // Repeated, since how random garbage is matters to nobody.
    const garbage = random.bytes(sectorBytes)
    for (let offset = from.length; offset < left.length; offset += garbage.length)
      left.set(garbage.subarray(0, left.length - offset), offset)
  }
  from.copy(left)
  for (const unit of kept) to.copy(left, unit * unitBytes, unit * unitBytes, (unit + 1) * unitBytes)
  return left
}

function prefixOf(random: Random, from: Buffer, to: Buffer): Buffer {
  if (from.equals(to)) return from
  if (to.length < from.length) return random.below(2) === 0 ? from : to
  let first = 0
  while (first < from.length && from[first] === to[first]) first += 1
  const cut = first + random.below(to.length - first + 1)
  return Buffer.concat([to.subarray(0, cut), from.subarray(cut)])
}

function differs(from: Buffer, to: Buffer, unit: number, unitBytes: number): boolean {
  const start = unit * unitBytes
  const end = start + unitBytes
  return !from.subarray(start, end).equals(to.subarray(start, end))
}
