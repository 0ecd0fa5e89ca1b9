import './cli/little-memory.ts'
import { readFileSync } from 'node:fs'

const about = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}
// Loaded after the line above, not with it: bundled, the parts of a program are loaded before any of its own lines run.
const { runProgram } = await import('./cli/program.ts')
const { outputWritten } = await import('@meterline/shared/command-line/output.ts')
const exitCode = await runProgram(process.argv, about.version)
await outputWritten()
// Everything that was opened has been closed by now; what a library still waits for must not hold the program.
process.exit(exitCode)
