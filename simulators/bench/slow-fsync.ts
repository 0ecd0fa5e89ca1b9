import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The environment that makes every fsync of a process take some milliseconds longer, or why that cannot be had here. */
export type SlowFsync =
  | { readonly available: true; readonly environment: (delayMs: number) => Readonly<Record<string, string>> }
  | { readonly available: false; readonly reason: string }

/** Compiles faults/slow-fsync.c into `folder`; a disk as slow as an SD card, for the processes that preload it. */
export function buildSlowFsync(folder: string): SlowFsync {
  const source = fileURLToPath(new URL('../faults/slow-fsync.c', import.meta.url))
  const library = resolve(join(folder, 'slow-fsync.so'))
  try {
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'pipe' })
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { available: false, reason: `needs gcc and glibc to build faults/slow-fsync.c: ${reason}` }
  }
  return {
    available: true,
    environment: (delayMs) => ({ LD_PRELOAD: library, METERLINE_FSYNC_DELAY_MS: String(delayMs) }),
  }
}
