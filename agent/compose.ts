import { readFileSync } from 'node:fs'
import type { Clock } from '@meterline/shared/base/clock.ts'
import { fault, FaultError, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { ControlServer } from '@meterline/shared/wire/control.ts'
import { agentFiles, type AgentConfig } from './config.ts'
import { agentStatus, type AgentStatus } from './flow/agent-status.ts'
import { SubjectAsker } from './flow/ask-subjects.ts'
import { Ingest } from './flow/ingest.ts'
import { JournalClient } from './flow/journal-client.ts'
import type { JournalPort } from './flow/journal-port.ts'
import type { DeliveryKind, Intake, OpenUplink } from './flow/ports.ts'
import { CheckpointKeeper } from './flow/keep-checkpoints.ts'
import { SnapshotKeeper } from './flow/keep-snapshots.ts'
import { BatchSender } from './flow/send-batches.ts'
import { Reporter } from './flow/send-report.ts'
import { suspenseDesk, type SuspenseDesk } from './flow/suspense-desk.ts'
import { RequestSubmissions, type RequestDelivery, type RequestOutcome } from './flow/submit-request.ts'
import type { WriterSettings } from './flow/writer.ts'
import type { HttpDoor, HttpDoorStatus } from './intake/http-door.ts'
import type { BridgeStatus, OpenBridges } from './intake/mqtt-bridge.ts'
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
  /** For simulations only, with the inline writer: the disk that the journal lies on. */
  readonly disk?: SimulatedDisk
  /** Left out: read from the config's key file. */
  readonly signingKeyPem?: string
}

/** An agent that takes in usage, seals and sends it. Its doors are opened apart. */
export interface RunningAgent {
  readonly intake: Intake
  /** The names of its mapping rules. */
  readonly rules: readonly string[]
  /** Takes in what a command brings, and answers once it is committed. */
  submit(kind: DeliveryKind, deliveries: readonly RequestDelivery[]): Promise<RequestOutcome>
  /** Raw Ed25519 key in base64 that its batches are signed with. */
  readonly publicKey: string
  status(): Promise<AgentStatus>
  /** What was taken in and cannot be used: to look at, read again, or discard. */
  readonly suspense: SuspenseDesk
  /** Says how to count connected devices, for what the aggregator is told. */
  countDevicesBy(count: () => number): void
  /** Called once when the agent cannot go on, such as after an error of the disk. It acknowledges nothing any more. */
  onFailure(listener: (fault: Fault) => void): void
  /** Takes nothing more, commits and answers what was taken, and closes everything. */
  close(): Promise<void>
  /** Abandons everything at once, as a crash would: nothing more is written, answered or sent. */
  kill(): void
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** What is kept of settled batches takes no more than this part of the journal's room: new usage goes first. */
const retainedShare = 4

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
  const { identity } = settings
  const { tenant } = identity
  const { aggregatorKey } = config.uplink
  const held = port.opening.logTrust
  const checkpoints = new CheckpointKeeper({ held, journal, aggregatorKey, tenant, clock, log })
  const timing = config.uplink
  const sender = new BatchSender({ openUplink, journal, checkpoints, identity, timing, clock, random, log })
  const talk = sender.snapshotTalk
  const generation = (): number => checkpoints.trust.generation
  const snapshots = new SnapshotKeeper({
    held: port.takeHeldSnapshot(),
    journal,
    talk,
    aggregatorKey,
    tenant,
    generation,
    log,
  })
  const asker = new SubjectAsker({ journal, talk, snapshots, aggregatorKey, tenant, clock, log })
  journal.onProgress(() => asker.ask())
  const reporter = new Reporter({ journal, ingest, sender, clock, log, everyMs: config.uplink.reportEveryMs })
  ingest.onFault((cause) => {
    if (cause === null) log.info('intake takes deliveries again')
    else log.error('intake refuses deliveries', { ...cause })
    reporter.intakeChanged()
  })
  sender.start()
  const submissions = new RequestSubmissions(ingest)

  let closing: Promise<void> | null = null
  return {
    intake: ingest,
    rules: config.mappings.map(({ name }) => name),
    submit: (kind, deliveries) => new Promise((resolve) => submissions.submit(kind, deliveries, resolve)),
    publicKey: publicKeyBase64,
    status: async () => agentStatus(identity, publicKeyBase64, await journal.questions.status(), sender.status, ingest),
    suspense: suspenseDesk(journal),
    countDevicesBy: (count) => reporter.countDevicesBy(count),
    onFailure: (listener) => journal.onFailure(listener),
    close() {
      closing ??= (async () => {
        ingest.stop()
        submissions.close()
        reporter.stop()
        asker.stop()
        sender.stop()
        await journal.close()
      })()
      return closing
    },
    kill() {
      ingest.kill()
      reporter.stop()
      asker.stop()
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
    disk: parts.disk,
    identity: { tenant, agent, epoch },
    group: { deliveries: limits.groupDeliveries, payloadBytes: limits.groupBytes },
    seal,
    outboxBytes: limits.outboxBytes,
    retention: {
      retainMs: journal.retainHours * hourMs,
      bytes: Math.min(limits.retainedBytes, Math.floor(limits.journalBytes / retainedShare)),
    },
    suspense: {
      rows: limits.suspenseRows,
      bytes: limits.suspenseBytes,
      rowsPerDevice: limits.suspenseRowsPerDevice,
      payloadBytes: limits.suspensePayloadBytes,
    },
    keyRetentionMs: journal.keyRetentionDays * dayMs,
    journalBytes: limits.journalBytes,
    mappings: parts.config.mappings,
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
  /** Where sources can post; empty without an HTTP door. */
  readonly http: readonly { readonly host: string; readonly port: number; readonly tls: boolean }[]
  mqttStatus(): MqttDoorStatus
  /** Null without an HTTP door. */
  httpStatus(): HttpDoorStatus | null
  /** Empty without bridges to foreign brokers. */
  bridgeStatus(): readonly BridgeStatus[]
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
  const { doorRules } = await import('./intake/door-rule.ts')
  const rules = doorRules(parts.config.mappings)
  const { http: httpConfig, bridges: bridgeConfigs } = parts.config
  const reserved = [
    ...(httpConfig?.sources ?? []).map(({ source }) => source),
    ...bridgeConfigs.map(({ name }) => name),
  ]
  const options = { listeners, anonymous, devices, prefix, rules, reserved }
  const mqtt = await openMqttDoor({ ...options, intake: agent.intake, clock, random, log })
  const http = await openHttp(agent, parts).catch(async (error: unknown) => {
    await mqtt.close()
    throw error
  })
  const bridges = await openBridges(agent, parts).catch(async (error: unknown) => {
    await http?.close()
    await mqtt.close()
    throw error
  })
  agent.countDevicesBy(() => mqtt.status().connections)
  return {
    mqtt: mqtt.addresses,
    http: http?.addresses ?? [],
    mqttStatus: () => mqtt.status(),
    httpStatus: () => http?.status() ?? null,
    bridgeStatus: () => bridges?.status() ?? [],
    async close() {
      await bridges?.close()
      await http?.close()
      await mqtt.close()
    },
  }
}

async function openBridges(
  { intake }: RunningAgent,
  parts: { readonly config: AgentConfig; readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<OpenBridges | null> {
  const { agent, bridges } = parts.config
  if (bridges.length === 0) return null
  const { openBridges: open } = await import('./intake/mqtt-bridge.ts')
  return open(bridges, { ...parts, agent, intake })
}

async function openHttp(
  agent: RunningAgent,
  { config, clock, log }: { readonly config: AgentConfig; readonly clock: Clock; readonly log: Log },
): Promise<HttpDoor | null> {
  if (config.http === undefined) return null
  const { openHttpDoor } = await import('./intake/http-door.ts')
  const { doorRules } = await import('./intake/door-rule.ts')
  const devices = [...config.mqtt.devices.map(({ id }) => id), ...config.bridges.map(({ name }) => name)]
  const rules = doorRules(config.mappings)
  return await openHttpDoor({ config: config.http, rules, devices, intake: agent.intake, clock, log })
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
    http: doors.http,
    httpDoor: doors.httpStatus(),
    bridges: doors.bridgeStatus(),
  }))
  const served = await serveControl({ socketFile, run, log })
  if (!served.ok) throw new FaultError(served.fault)
  return served.value
}
