import { readFileSync } from 'node:fs'

// The kernel counts in ticks of 1/100 s for programs on every common Linux (USER_HZ).
const microsPerTick = 10_000
const sampleEveryMs = 100

/** CPU time a process has taken in all its threads, user and system, in microseconds (proc_pid_stat(5)). */
export function cpuMicrosOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The program's name stands in brackets and may hold spaces; utime and stime are the 14th and 15th fields of all.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick
}

/** Resident memory of a process in bytes (VmRSS of proc_pid_status(5)). */
export function residentBytesOf(pid: number): number {
  return kibibytesOf(pid, 'VmRSS') * 1024
}

/** Bytes a process has caused to be written to the disk so far (write_bytes of proc_pid_io(5)). */
export function writtenBytesOf(pid: number): number {
  const match = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))
  return Number(match?.[1] ?? 0)
}

/** Watches the resident memory of a process ten times a second. */
export class MemoryWatch {
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  #peakBytes = 0
  #gone: unknown

  constructor(pid: number) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs)
    this.#sample()
  }

  /** Ends the watch and returns the most that was seen. Throws when the process ended meanwhile. */
  stop(): number {
    clearInterval(this.#timer)
    this.#sample()
    if (this.#gone !== undefined)
      throw new Error(`process ${this.#pid} ended while it was watched`, { cause: this.#gone })
    return this.#peakBytes
  }

  #sample(): void {
    try {
      this.#peakBytes = Math.max(this.#peakBytes, residentBytesOf(this.#pid))
    } catch (error) {
      // There is nothing to read of a process that ended; `stop` says so.
      this.#gone ??= error
    }
  }
}

function kibibytesOf(pid: number, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(match?.[1] ?? 0)
}
