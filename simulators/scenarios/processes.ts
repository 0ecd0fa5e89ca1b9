import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { StartFailure } from './start-failure.ts'

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const PROGRAMS = {
  sources: {
    agent: file('agent/bin/meterline-agent.mjs'),
    aggregator: file('aggregator/bin/meterline-aggregator.mjs'),
  },
  bundles: {
    agent: file('dist/agent/meterline-agent.mjs'),
    aggregator: file('dist/aggregator/meterline-aggregator.mjs'),
  },
} as const

/** What is run: the sources by type stripping, or what `npm run build` made of them, as it is installed. */
export type ProgramForm = keyof typeof PROGRAMS

/** A running agent or aggregator process. */
export interface Service {
  readonly name: string
  readonly pid: number
  /** What the process wrote into its ready file: the ports it really bound. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Asks it to stop (SIGTERM) and waits; resolves to its exit code. */
  stop(): Promise<number | null>
  /** Ends it as a power cut would (SIGKILL) and waits for the process to be gone. */
  kill(): Promise<void>
  exited(): boolean
}

/** What to start, and where its files go. */
export interface ServiceSpec {
  readonly name: string
  readonly program: 'agent' | 'aggregator'
  readonly configFile: string
  readonly readyFile: string
  readonly logFile: string
  readonly env?: Readonly<Record<string, string>>
  /** 'sources' unless said otherwise. */
  readonly form?: ProgramForm
}

/** Starts a service and waits until it has written its ready file. Throws a `StartFailure` when it does not. */
export async function startService(spec: ServiceSpec, timeoutMs = 20_000): Promise<Service> {
  rmSync(spec.readyFile, { force: true })
  const logStart = existsSync(spec.logFile) ? statSync(spec.logFile).size : 0
  const program = PROGRAMS[spec.form ?? 'sources'][spec.program]
  const child = spawn(process.execPath, [program, 'run', '--config', spec.configFile, '--ready-file', spec.readyFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...spec.env },
  })
  const log = createWriteStream(spec.logFile, { flags: 'a' })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const gone = new Promise<number | null>((resolve) => {
    child.once('close', (code) => log.end(() => resolve(code)))
    child.once('error', () => log.end(() => resolve(null)))
  })
  const ready = await readyContents(spec, child, timeoutMs)
  if (ready === null) {
    const ended = endOf(child)
    child.kill('SIGKILL')
    await gone
    const output = readFileSync(spec.logFile).subarray(logStart).toString('utf8')
    throw new StartFailure(spec, { ended, afterMs: timeoutMs, output })
  }
  return {
    name: spec.name,
    pid: child.pid ?? 0,
    ready,
    exited: () => endOf(child) !== null,
    stop: async () => {
      child.kill('SIGTERM')
      return await gone
    },
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The contents of the ready file; null when the process ended without one or the time is over. */
async function readyContents(
  spec: ServiceSpec,
  child: ChildProcess,
  timeoutMs: number,
): Promise<Readonly<Record<string, unknown>> | null> {
  const deadlineMs = performance.now() + timeoutMs
  while (performance.now() < deadlineMs) {
    if (endOf(child) !== null) return null
    if (existsSync(spec.readyFile)) {
      return JSON.parse(readFileSync(spec.readyFile, 'utf8')) as Readonly<Record<string, unknown>>
    }
    await pause(20)
  }
  return null
}

/** How a process ended; null while it runs. */
function endOf({ pid, exitCode, signalCode }: ChildProcess): string | null {
  if (exitCode !== null) return `exit code ${exitCode}`
  if (signalCode !== null) return `signal ${signalCode}`
  return pid === undefined ? 'no process' : null
}

/** Runs a command of one of the programs to its end and returns what it printed. */
export async function runCommand(
  program: 'agent' | 'aggregator',
  args: readonly string[],
  stdin = '',
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [PROGRAMS.sources[program], ...args], { stdio: 'pipe' })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.end(stdin)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
  return { code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }
}
