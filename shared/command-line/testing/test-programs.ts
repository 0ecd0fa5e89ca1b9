import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** How a program ended, and all that it wrote. */
export interface EndedProgram {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A program that a test has started. */
export interface StartedProgram {
  readonly child: ChildProcess
  readonly ended: Promise<EndedProgram>
}

const triesPerStart = 600
const pauseMs = 50

/** The programs that a test starts; what is left of them ends with it. */
export class TestPrograms {
  readonly #children: ChildProcess[] = []

  /** Starts a command line, which reads `input` and then the end of it. */
  start([command = '', ...args]: readonly string[], input = ''): StartedProgram {
    const child = spawn(command, args, { stdio: 'pipe' })
    this.#children.push(child)
    let out = ''
    let err = ''
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    child.stderr.on('data', (data: Buffer) => (err += data.toString()))
    child.stdin.end(input)
    return { child, ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))) }
  }

  /** Starts one that says in a file when it is ready, and waits for that. */
  async startUntilReady(commandLine: readonly string[], readyFile: string): Promise<StartedProgram> {
    rmSync(readyFile, { force: true })
    const started = this.start([...commandLine, '--ready-file', readyFile])
    const { child } = started
    for (let tries = 0; tries < triesPerStart && !existsSync(readyFile) && child.exitCode === null; tries++) {
      await pause(pauseMs)
    }
    if (!existsSync(readyFile)) throw new Error(`it did not start: ${JSON.stringify(await started.ended)}`)
    return started
  }

  kill(): void {
    for (const child of this.#children.splice(0)) child.kill('SIGKILL')
  }
}
