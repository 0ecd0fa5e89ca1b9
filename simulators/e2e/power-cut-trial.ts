import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, type Random } from '@meterline/shared/base/random.ts'
import { buildFaultyDisk } from '../faults/shim/build-faulty-disk.ts'
import { stackDisks, type StackDisks } from './power-cut-disks.ts'

/** Where a trial runs, and on what. */
export interface Trial {
  readonly folder: string
  readonly door: 'mqtt'
  readonly random: Random
  readonly power: StackDisks
}

/** Runs something on faulty disks and gives what it shows to be wrong, with its seed and its files. */
export async function tryOnFaultyDisks(
  name: string,
  run: (trial: Trial) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const seed = randomUUID()
  const random = seededRandom(seed)
  const folder = mkdtempSync(join(tmpdir(), `meterline-${name}-`))
  const power = stackDisks(folder, buildFaultyDisk(folder), random)
  try {
    const problems = await run({ folder, door: 'mqtt', random, power })
    if (problems.length > 0) return [...problems, `seed ${seed}, files in ${folder}`]
  } finally {
    power.close()
  }
  rmSync(folder, { recursive: true, force: true })
  return []
}
