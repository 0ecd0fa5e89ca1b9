import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

// Debian puts daemons where the path of ordinary users does not look.
const searchPath = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/usr/local/sbin`
const environment = { ...process.env, PATH: searchPath }

/** Whether this machine lacks the Mosquitto broker; its clients are a package of their own. */
export const mosquittoMissing = spawnSync('mosquitto', ['-h'], { env: environment }).error !== undefined

/** How a broker is run. */
export interface MosquittoPlan {
  /** Its configuration, log and database live here. */
  readonly folder: string
  readonly port: number
  /** PEM files; left out: plain text. Clients without a certificate of the same authority are refused. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
  /** User names with their passwords; left out: anybody. */
  readonly users?: Readonly<Record<string, string>>
  /** Further lines of its configuration. */
  readonly settings?: readonly string[]
}

/**
 * A real Mosquitto as a process of its own. It keeps sessions and their messages in its database, which it writes when
 * asked (`save`) and when it ends in peace: what it acknowledged since then is lost with a crash, which is its own
 * loss window. Nothing is dropped for being too much (its defaults drop what is above 1,000 messages a client).
 */
export class Mosquitto {
  readonly #plan: MosquittoPlan
  readonly #configFile: string
  #child: ChildProcess | null = null

  private constructor(plan: MosquittoPlan) {
    this.#plan = plan
    this.#configFile = join(plan.folder, 'mosquitto.conf')
  }

  static async started(plan: MosquittoPlan): Promise<Mosquitto> {
    const broker = new Mosquitto(plan)
    mkdirSync(plan.folder, { recursive: true })
    writeFileSync(broker.#configFile, broker.#config())
    await broker.start()
    return broker
  }

  get url(): string {
    return `${this.#plan.tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${this.#plan.port}`
  }

  /** Starts it (again), and waits until it takes connections. */
  async start(): Promise<void> {
    const log = openSync(join(this.#plan.folder, 'mosquitto.log'), 'a')
    const child = spawn('mosquitto', ['-c', this.#configFile], { stdio: ['ignore', log, log], env: environment })
    this.#child = child
    const deadlineMs = performance.now() + 20_000
    while (!(await accepts(this.#plan.port))) {
      if (child.exitCode !== null || performance.now() > deadlineMs) {
        throw new Error(`mosquitto does not take connections; see ${this.#plan.folder}/mosquitto.log`)
      }
      await pause(20)
    }
  }

  /** Has it write its database, and waits until that is done: what it acknowledged before this call survives a crash. */
  async save(): Promise<void> {
    const file = join(this.#plan.folder, 'mosquitto.db')
    const before = existsSync(file) ? statSync(file).ino : 0
    this.#child?.kill('SIGUSR1')
    const deadlineMs = performance.now() + 20_000
    // It writes a new file and renames it over the old one.
    while (!existsSync(file) || statSync(file).ino === before) {
      if (performance.now() > deadlineMs) throw new Error('mosquitto did not write its database')
      await pause(5)
    }
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  #config(): string {
    const { folder, port, tls, users, settings = [] } = this.#plan
    const lines = [
      `listener ${port} 127.0.0.1`,
      'persistence true',
      `persistence_location ${folder}/`,
      'autosave_interval 0',
      'max_queued_messages 0',
      'max_inflight_messages 1000',
      // Started by root, it would become a user who may not write here.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      ...(tls === undefined
        ? []
        : [`cafile ${tls.ca}`, `certfile ${tls.cert}`, `keyfile ${tls.key}`, 'require_certificate true']),
      ...(users === undefined ? ['allow_anonymous true'] : [`password_file ${this.#passwordFile(users)}`]),
      ...settings,
    ]
    return `${lines.join('\n')}\n`
  }

  #passwordFile(users: Readonly<Record<string, string>>): string {
    const file = join(this.#plan.folder, 'passwords')
    const lines = Object.entries(users).map(([name, password]) => `${name}:${password}\n`)
    writeFileSync(file, lines.join(''), { mode: 0o600 })
    // Replaces the plain passwords in the file by their hashes.
    const { status } = spawnSync('mosquitto_passwd', ['-U', file], { env: environment })
    if (status !== 0) throw new Error('mosquitto_passwd could not hash the passwords')
    return file
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  const accepted = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  socket.destroy()
  return accepted
}
