import { readFileSync } from 'node:fs'
import type { Clock } from '@meterline/shared/base/clock.ts'
import { fault, FaultError, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { ControlServer } from '@meterline/shared/wire/control.ts'
import { agentFiles, type AgentConfig } from './config.ts'
import { agentStatus, type AgentStatus } from './flow/agent-status.ts'
import { Ingest } from './flow/ingest.ts'
import { JournalClient } from './flow/journal-client.ts'
import type { JournalPort, SuspenseEntry, SuspenseQuery } from './flow/journal-port.ts'
import type { Intake, OpenUplink } from './flow/ports.ts'
import { keepSnapshots } from './flow/keep-snapshots.ts'
import { BatchSender } from './flow/send-batches.ts'
import type { WriterSettings } from './flow/writer.ts'
import type { MqttDoorStatus } from './intake/mqtt-broker.ts'

/** What an agent is made of. Time, randomness and the way to the aggregator come from outside. */
export interface AgentParts {
  readonly config: AgentConfig
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly openUplink: OpenUplink
  /** `thread` in production; `inline` runs the same journal on the given clock. */
  readonly writer: 'thread' | 'inline'
  readonly journalFile: string
  /** For simulations only: the journal may be lost with the machine, so nothing is synchronised to the disk. */
  readonly temporaryDisk?: boolean
  /** Left out: read from the config's key file. */
  readonly signingKeyPem?: string
}

/** An agent that takes in usage, seals and sends it. Its doors are opened apart. */
export interface RunningAgent {
  readonly intake: Intake
  /** Raw Ed25519 key in base64 that its batches are signed with. */
  readonly publicKey: string
  status(): Promise<AgentStatus>
  suspense(query: SuspenseQuery): Promise<readonly SuspenseEntry[]>
  /** Called once when the agent cannot go on, such as after an error of the disk. It acknowledges nothing any more. */
  onFailure(listener: (fault: Fault) => void): void
  /** Takes nothing more, commits and answers what was taken, and closes everything. */
  close(): Promise<void>
  /** Abandons everything at once, as a crash would: nothing more is written, answered or sent. */
  kill(): void
}

const dayMs = 86_400_000

/** Opens the journal and starts the uplink. Throws a `FaultError` when the agent cannot be started as configured. */
export async function composeAgent(parts: AgentParts): Promise<RunningAgent> {
  const { config, clock, random, log, openUplink } = parts
  const signingKeyPem = parts.signingKeyPem ?? readSigningKey(agentFiles(config).signingKey)
  const { publicKeyBase64 } = openSigningKey(signingKeyPem)
  const settings = writerSettings(parts)
  const port = await openJournal(parts, settings, signingKeyPem)
  const journal = new JournalClient(port, clock, config.seal.lingerMs)
  const ingest = new Ingest(journal, clock, {
    ...settings.group,
    commitDelayMs: config.journal.commitDelayMs,
    devices: config.limits.devices,
  })
  ingest.onFault((cause) => {
    if (cause === null) log.info('intake takes deliveries again')
    else log.error('intake refuses deliveries', { ...cause })
  })
  const { identity } = settings
  const sender = new BatchSender({ openUplink, journal, identity, timing: config.uplink, clock, random, log })
  const { aggregatorKey } = config.uplink
  keepSnapshots({ held: port.opening.snapshot, journal, sender, aggregatorKey, tenant: identity.tenant, log })
  sender.start()

  let closing: Promise<void> | null = null
  return {
    intake: ingest,
    publicKey: publicKeyBase64,
    status: async () => agentStatus(identity, publicKeyBase64, await journal.status(), sender.status, ingest),
    suspense: (query) => journal.suspense(query),
    onFailure: (listener) => journal.onFailure(listener),
    close() {
      closing ??= (async () => {
        ingest.stop()
        sender.stop()
        await journal.close()
      })()
      return closing
    },
    kill() {
      ingest.kill()
      sender.kill()
      journal.kill()
    },
  }
}

async function openJournal(parts: AgentParts, settings: WriterSettings, signingKeyPem: string): Promise<JournalPort> {
  const { writer, random, clock } = parts
  const opened = await (async (): Promise<Result<JournalPort, Fault>> => {
    if (writer === 'inline') {
      const { openInlineJournal } = await import('./writer/inline.ts')
      return openInlineJournal(settings, openSigningKey(signingKeyPem), random, clock)
    }
    const { startWriterThread } = await import('./writer/thread.ts')
    return startWriterThread({ settings, signingKeyPem })
  })()
  if (opened.ok) return opened.value
  throw new FaultError(opened.fault)
}

function writerSettings(parts: AgentParts): WriterSettings {
  const { tenant, agent, epoch, seal, limits, journal } = parts.config
  return {
    journalFile: parts.journalFile,
    onTemporaryDisk: parts.temporaryDisk ?? false,
    identity: { tenant, agent, epoch },
    group: { deliveries: limits.groupDeliveries, payloadBytes: limits.groupBytes },
    seal,
    outboxBytes: limits.outboxBytes,
    suspense: {
      rows: limits.suspenseRows,
      bytes: limits.suspenseBytes,
      rowsPerDevice: limits.suspenseRowsPerDevice,
      payloadBytes: limits.suspensePayloadBytes,
    },
    keyRetentionMs: journal.keyRetentionDays * dayMs,
    journalBytes: limits.journalBytes,
  }
}

function readSigningKey(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const message = `The signing key ${file} cannot be read. Make one with "meterline-agent init".`
    throw new FaultError(fault('signing_key_missing', message), { cause })
  }
}

// What follows talks over sockets. It is loaded when it is asked for, so that the simulated world does without it.

/** The way to the aggregator over gRPC. Throws a `FaultError` when it is not allowed or its certificates are unusable. */
export async function openGrpcUplink(config: AgentConfig): Promise<OpenUplink> {
  const { checkUplink, grpcUplink } = await import('./uplink/grpc-uplink.ts')
  const { address, tls } = config.uplink
  const checked = checkUplink({ address, tls })
  if (!checked.ok) throw new FaultError(checked.fault)
  return grpcUplink({ address, tls })
}

/** The doors of a running agent. */
export interface OpenDoors {
  /** Where devices can connect, with the ports that were really bound. */
  readonly mqtt: readonly { readonly host: string; readonly port: number; readonly tls: boolean }[]
  mqttStatus(): MqttDoorStatus
  close(): Promise<void>
}

/** Opens the doors that usage comes in by. */
export async function openDoors(
  agent: RunningAgent,
  parts: { readonly config: AgentConfig; readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<OpenDoors> {
  const { openMqttDoor } = await import('./intake/mqtt-broker.ts')
  const { listeners, anonymous, devices, prefix } = parts.config.mqtt
  const { clock, random, log } = parts
  const door = await openMqttDoor({ listeners, anonymous, devices, prefix, intake: agent.intake, clock, random, log })
  return { mqtt: door.addresses, mqttStatus: () => door.status(), close: () => door.close() }
}

/** Opens the socket that the command line reaches the running agent by. */
export async function openControl(
  agent: RunningAgent,
  doors: OpenDoors,
  parts: { readonly version: string; readonly socketFile: string; readonly log: Log },
): Promise<ControlServer> {
  const { serveControl } = await import('@meterline/shared/wire/control.ts')
  const { commandRunner } = await import('./control/serve-commands.ts')
  const { version, socketFile, log } = parts
  const run = commandRunner(agent, () => ({
    version,
    pid: process.pid,
    mqtt: doors.mqtt,
    mqttDoor: doors.mqttStatus(),
  }))
  const served = await serveControl({ socketFile, run, log })
  if (!served.ok) throw new FaultError(served.fault)
  return served.value
}
