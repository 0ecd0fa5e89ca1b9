import { readFileSync } from 'node:fs'
import { outputWritten } from '@meterline/shared/command-line/output.ts'
import { runProgram } from './cli/program.ts'

const about = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}
const exitCode = await runProgram(process.argv, about.version)
await outputWritten()
// Everything that was opened has been closed by now; what a library still waits for must not hold the program.
process.exit(exitCode)
