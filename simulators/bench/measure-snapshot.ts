import { setTimeout as pause } from 'node:timers/promises'
import type { StatusJson } from '@meterline/agent/control/serve-commands.ts'
import { subjectLimits } from '@meterline/agent/domain/subject-book.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { freePort } from '../scenarios/free-port.ts'
import { BenchServices, until } from './bench-services.ts'
import { against, alone } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'
import { MemoryWatch } from './process-usage.ts'
import { snapshotTenantFile } from './snapshot-tenant.ts'
import type { SnapshotTenant } from './snapshot-tenant.ts'
import { postCalls } from './subject-calls.ts'
import type { SubjectCalls } from './subject-calls.ts'

const megabyte = 1e6
const kilobyte = 1e3
const idleMs = 5_000
/** Half of what an agent may wait to ask about. */
const waveSubjects = subjectLimits.wanted / 2

/** What an agent takes of a large catalogue: the wire, its memory, and the time until it knows whose usage it sees. */
export const snapshotMeasurement: Measurement = {
  name: 'snapshot',
  about: 'an agent with a large price list and many subjects: bytes of its snapshot, memory, time until all are bound',
  run: async (bench) => {
    const tenant = { rows: bench.quick ? 300 : 3_000, subjects: bench.quick ? 2_000 : 100_000, changed: false }
    const port = await freePort()
    const services = await bench.during(`applying ${shown(tenant.subjects)} subscriptions`, () =>
      BenchServices.startWith(bench.folder, (agents) => snapshotTenantFile(tenant, agents), { httpPorts: [port] }),
    )
    try {
      return await measured(bench, services, { tenant, port })
    } finally {
      await services.stop()
    }
  },
}

interface Fleet {
  readonly tenant: SnapshotTenant
  readonly port: number
}

async function measured(bench: BenchRun, services: BenchServices, fleet: Fleet): Promise<readonly Finding[]> {
  const { rows, subjects } = fleet.tenant
  const idle = await idleMemory(bench, services, 'idle with the snapshot')
  const first = await storedSnapshot(services)
  const bindingSeconds = await bench.during(`binding ${shown(subjects)} subjects`, () =>
    bindAll(bench, services, fleet),
  )
  const bound = await idleMemory(bench, services, 'idle with all of them bound')
  const again = await bench.during('usage of each again', () => memoryUnderUsage(bench, services, fleet))
  await services.stopAgent()
  await services.startAgent()
  const restarted = await idleMemory(bench, services, 'idle after a new start')
  await bench.during('changing one price', () => changeOnePrice(services, fleet))
  const changed = await idleMemory(bench, services, 'idle with the change')
  const second = await storedSnapshot(services)
  const newParts = [...second.parts].filter(([hash]) => !first.parts.has(hash))
  const prices = `${shown(rows)} model prices`
  const people = `${shown(subjects)} bound subjects`
  return [
    alone(
      `snapshot of ${prices}`,
      'kB',
      sizeOf(first) / kilobyte,
      `${shown(first.parts.size)} parts and their manifest`,
    ),
    alone(
      'snapshot, after one price changed',
      'kB',
      (second.manifestBytes + newParts.reduce((sum, [, bytes]) => sum + bytes, 0)) / kilobyte,
      `the manifest and ${newParts.length} parts that the agent lacked`,
    ),
    against(`agent memory, ${prices}`, 'MB', idle, { sense: 'at most', value: 160 }, 'idle with the snapshot'),
    against(`agent memory, and ${people}`, 'MB', bound, { sense: 'at most', value: 220 }, 'idle, after a call of each'),
    alone('agent memory, usage of each again', 'MB', again, 'the most while it came, all of it pre-rated'),
    alone('agent memory, started with them again', 'MB', restarted, 'idle, all of them read from the journal'),
    alone(
      'agent memory, after one price changed',
      'MB',
      changed,
      'idle, the old price and the new one in the snapshot',
    ),
    alone(
      `until ${shown(subjects)} subjects are bound`,
      's',
      bindingSeconds,
      `one call of each, in waves of ${shown(waveSubjects)}, the next one when all of the one before are`,
    ),
  ]
}

/** Parts of a snapshot as they came over the wire, as the agent keeps them. */
interface StoredSnapshot {
  readonly manifestBytes: number
  /** Their bytes, by their hashes in hexadecimal. */
  readonly parts: ReadonlyMap<string, number>
}

/** What the agent's journal holds. Nobody else can read it while the agent runs, which is therefore started anew. */
async function storedSnapshot(services: BenchServices): Promise<StoredSnapshot> {
  await services.stopAgent()
  const db = openDatabase({ file: services.agentJournalFile, readOnly: true })
  try {
    const manifest = db.prepare<[], { readonly bytes: number }>('SELECT length(bytes) AS bytes FROM snapshot').get()
    const parts = db
      .prepare<[], { readonly hash: string; readonly bytes: number }>(
        'SELECT lower(hex(hash)) AS hash, length(bytes) AS bytes FROM snapshot_part',
      )
      .all()
    return { manifestBytes: manifest?.bytes ?? 0, parts: new Map(parts.map(({ hash, bytes }) => [hash, bytes])) }
  } finally {
    db.close()
    await services.startAgent()
  }
}

function sizeOf({ manifestBytes, parts }: StoredSnapshot): number {
  return [...parts.values()].reduce((sum, bytes) => sum + bytes, manifestBytes)
}

/** The most that is resident while nothing comes, in megabytes. */
async function idleMemory(bench: BenchRun, services: BenchServices, label: string): Promise<number> {
  return await bench.during(label, async () => {
    const watch = new MemoryWatch(services.agentPid)
    await pause(bench.quick ? 500 : idleMs)
    return watch.stop() / megabyte
  })
}

/**
 * Has every subject seen for the first time, in waves that are no larger than what an agent asks about at a time, the next
 * one when the one before is bound. Seconds.
 */
async function bindAll(bench: BenchRun, services: BenchServices, fleet: Fleet): Promise<number> {
  const { subjects } = fleet.tenant
  const startedMs = performance.now()
  for (let fromSubject = 0; fromSubject < subjects; fromSubject += waveSubjects) {
    const toSubject = Math.min(fromSubject + waveSubjects, subjects)
    await postCalls({ ...callsOf(bench, fleet, 1), fromSubject, toSubject })
    await until('the agent still asks about subjects', async () => (await subjectsOf(services)).wanted === 0)
  }
  const seconds = (performance.now() - startedMs) / 1_000
  const { bound } = await subjectsOf(services)
  if (bound !== subjects) throw new Error(`${bound} of ${subjects} subjects are bound after a call of each`)
  return seconds
}

async function subjectsOf(services: BenchServices): Promise<StatusJson['subjects']> {
  return (await services.agentStatus()).subjects
}

/** The most that is resident while a call of each comes that is bound, in megabytes: all of it has to be pre-rated. */
async function memoryUnderUsage(bench: BenchRun, services: BenchServices, fleet: Fleet): Promise<number> {
  const before = (await services.agentStatus()).counters.unbound
  const watch = new MemoryWatch(services.agentPid)
  let peakBytes = 0
  try {
    await postCalls(callsOf(bench, fleet, 2))
  } finally {
    peakBytes = watch.stop()
  }
  const unbound = (await services.agentStatus()).counters.unbound - before
  if (unbound > 0) throw new Error(`${unbound} calls of subjects that are bound were not pre-rated`)
  return peakBytes / megabyte
}

function callsOf(bench: BenchRun, { tenant, port }: Fleet, round: number): SubjectCalls {
  const { subjects, rows } = tenant
  return { port, fromSubject: 0, toSubject: subjects, rows, round, ratePerSecond: ratePerSecond(bench) }
}

/** Applies another amount of one row from a date on, and waits until the agent has it. */
async function changeOnePrice(services: BenchServices, { tenant }: Fleet): Promise<void> {
  const before = (await services.agentStatus()).snapshot?.version
  await services.apply((agents) => snapshotTenantFile({ ...tenant, changed: true }, agents))
  await until(
    'the agent does not get the change',
    async () => (await services.agentStatus()).snapshot?.version !== before,
  )
}

function ratePerSecond({ quick }: BenchRun): number {
  return quick ? 2_000 : 5_000
}

function shown(count: number): string {
  return count.toLocaleString('en')
}
