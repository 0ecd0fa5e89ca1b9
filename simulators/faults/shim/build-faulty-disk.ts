import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const sources = ['disk-calls.c', 'disk-record.c']

/** Why no library can be built here, or null: only a missing compiler or another system count, never a mistake in the source. */
export const compilerMissing: string | null =
  process.platform !== 'linux'
    ? 'needs Linux'
    : spawnSync('cc', ['--version']).error === undefined
      ? null
      : 'needs a C compiler (cc)'

/** Compiles the faulty disk into `folder` and gives the file to preload. Throws what the compiler says. */
export function buildFaultyDisk(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const library = join(folder, 'faulty-disk.so')
  const files = sources.map((name) => fileURLToPath(new URL(name, import.meta.url)))
  const warnings = ['-Wall', '-Wextra', '-Werror']
  execFileSync('cc', ['-O2', ...warnings, '-shared', '-fPIC', '-pthread', '-o', library, ...files, '-ldl'])
  return library
}
