import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guardAmbient } from './ambient-guard.ts'
import { Run } from './run.ts'
import { verifyOnce } from './verify-once.ts'
import type { WorldOptions, WorldResult } from './world-options.ts'

/**
 * Runs one world from its seed: a storm of usage and faults, then calm until everything has drained, then the closing of
 * every period that was charged in, late usage of a closed period, and rest again. The oracle looks after every step.
 * Its files lie in a folder of their own below `inFolder` and are gone afterwards.
 */
export async function runWorld(options: WorldOptions, inFolder: string = memoryBackedFolder()): Promise<WorldResult> {
  const folder = mkdtempSync(join(inFolder, 'meterline-world-'))
  const run = new Run(options, folder)
  const forgetChecks = verifyOnce()
  const unguard = guardAmbient((what) => run.findings.add('world', what))
  try {
    await run.play()
    return run.result()
  } finally {
    unguard()
    forgetChecks()
    run.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Memory-backed where the system has it: the files of a run live for seconds. */
export function memoryBackedFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}
