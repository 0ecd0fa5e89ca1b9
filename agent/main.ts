import './cli/little-memory.ts'
import { readFileSync } from 'node:fs'
import { runProgram } from './cli/program.ts'

const about = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}
// Everything that was opened has been closed by now; what a library still waits for must not hold the program.
process.exit(await runProgram(process.argv, about.version))
