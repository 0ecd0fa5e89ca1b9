import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

// Libraries that are CommonJS ask for `require`, and the native SQLite module is found by it at run time.
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

const root = fileURLToPath(new URL('..', import.meta.url))

/** The programs as they are installed on a machine, and the threads of theirs. */
const programs = [
  { name: 'agent', entries: { 'meterline-agent': 'agent/main.ts', worker: 'agent/writer/worker.ts' } },
  {
    name: 'aggregator',
    entries: { 'meterline-aggregator': 'aggregator/main.ts', 'backup-worker': 'aggregator/backup/worker.ts' },
  },
]

/**
 * Bundles the agent and the aggregator into `dist/<program>/`. A bundle starts faster and holds some 40 MB less than the
 * sources run by type stripping, which is what counts on a gateway.
 */
export async function bundlePrograms(): Promise<void> {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  for (const { name, entries } of programs) {
    const folder = join(root, 'dist', name)
    mkdirSync(folder, { recursive: true })
    await build({
      absWorkingDir: root,
      entryPoints: entries,
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      // What is imported when it is needed becomes a file of its own: a door that is not configured is not even read.
      splitting: true,
      minify: true,
      legalComments: 'linked',
      platform: 'node',
      format: 'esm',
      target: 'node22.18',
      external: ['better-sqlite3'],
      banner: { js: banner },
      logLevel: 'warning',
    })
    copyFileSync(join(root, name, 'package.json'), join(folder, 'package.json'))
  }
}

if (import.meta.main) await bundlePrograms()
