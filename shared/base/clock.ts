import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { assertThat } from './errors.ts'

/** Whether the operating system's wall clock is disciplined by a time source. Unknown where nothing tells. */
export type SyncState = 'unknown' | 'synced' | 'unsynced'

/** One pending call. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void
}

/** Everything the code may know about time. Tests and the simulated world bring their own. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, an integer. May step forwards and backwards. */
  wallMs(): number
  /** Milliseconds since the operating system started, an integer. Never steps; comparable only under the same `bootId`. */
  monotonicMs(): number
  /** Which start of the operating system `monotonicMs` counts from: 32 lower-case hexadecimal digits. */
  readonly bootId: string
  syncState(): SyncState
  /** Calls `run` once after at least `delayMs` milliseconds; never from inside this call. */
  after(delayMs: number, run: () => void): Timer
}

// A longer delay overflows the runtime's 32-bit timer and would fire at once, so it is waited for in parts.
const longestTimerMs = 2_147_483_647
const syncStateAgeMs = 10_000

/** The clock of this machine. */
export function systemClock(): Clock {
  // performance.now() is the cheap reading of the same monotonic source as hrtime, but counts from the thread's start.
  const threadStartMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
  const monotonicMs = (): number => Math.floor(threadStartMs + performance.now())

  let syncState: SyncState = 'unknown'
  let syncStateReadMs = -Infinity

  return {
    wallMs: () => Date.now(),
    monotonicMs,
    bootId: readBootId(),
    syncState() {
      const nowMs = monotonicMs()
      if (nowMs - syncStateReadMs >= syncStateAgeMs) {
        syncState = readSyncState()
        syncStateReadMs = nowMs
      }
      return syncState
    },
    after: startTimer,
  }
}

function startTimer(delayMs: number, run: () => void): Timer {
  assertThat(delayMs >= 0, `a timer cannot wait for ${delayMs} ms`)
  let handle: NodeJS.Timeout
  const wait = (leftMs: number): void => {
    if (leftMs <= longestTimerMs) handle = setTimeout(run, leftMs)
    else handle = setTimeout(() => wait(leftMs - longestTimerMs), longestTimerMs)
  }
  wait(delayMs)
  return { cancel: () => clearTimeout(handle) }
}

/** The kernel's identity of this boot; where there is none (not Linux) every start of the process counts as a boot. */
function readBootId(): string {
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', '').toLowerCase()
    if (/^[0-9a-f]{32}$/.test(bootId)) return bootId
  } catch {
    // No such file outside Linux: fall through to a random identity, which only makes clock readings comparable less often.
  }
  return randomBytes(16).toString('hex')
}

/**
 * systemd-timesyncd touches the marker once it has set the clock. Other daemons leave no file to look at, and asking
 * them needs a command, so everything else is honestly unknown.
 */
function readSyncState(): SyncState {
  if (statSync('/run/systemd/timesync/synchronized', { throwIfNoEntry: false }) !== undefined) return 'synced'
  if (statSync('/run/systemd/timesync', { throwIfNoEntry: false }) !== undefined) return 'unsynced'
  return 'unknown'
}
