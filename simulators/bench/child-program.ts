import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** One of the bench's own programs, run as a process of its own so that it has a core and a heap to itself. */
export interface ChildProgram {
  /** A file in this folder. */
  readonly file: string
  readonly args: readonly string[]
  /** Bound to the last core, when the machine lets us; then one thread is all it has. */
  readonly onOneCore?: boolean
}

/** Runs a program that prints one JSON value, and returns that value. */
export async function runChild(program: ChildProgram): Promise<unknown> {
  const file = fileURLToPath(new URL(program.file, import.meta.url))
  const command = [...(program.onOneCore === true ? pinning() : []), process.execPath, file, ...program.args]
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  const out: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
  if (code !== 0) throw new Error(`${program.file} ended with ${code}: ${Buffer.concat(errors).toString('utf8')}`)
  return JSON.parse(Buffer.concat(out).toString('utf8'))
}

/** Whether programs can be bound to a core here (util-linux's taskset). */
export function canPin(): boolean {
  return pinning().length > 0
}

function pinning(): readonly string[] {
  const cores = navigator.hardwareConcurrency
  const core = String(cores - 1)
  const { status } = spawnSync('taskset', ['-c', core, 'true'])
  return status === 0 ? ['taskset', '-c', core] : []
}
