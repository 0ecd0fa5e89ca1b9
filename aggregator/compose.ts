import { mkdirSync, readFileSync } from 'node:fs'
import type { Clock } from '@meterline/shared/base/clock.ts'
import { FaultError, fault } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { ControlServer } from '@meterline/shared/wire/control.ts'
import type { GrpcListener } from '@meterline/shared/wire/grpc-listener.ts'
import { aggregatorFiles, defaultLimits } from './config.ts'
import type { AggregatorConfig, AggregatorLimits } from './config.ts'
import type { Commands } from './flow/commands.ts'
import { commandSet } from './flow/command-set.ts'
import { copyBooks } from './flow/copy-books.ts'
import type { CopyBooks } from './flow/copy-books.ts'
import { AgentSession } from './flow/edge-session.ts'
import type { SessionSurroundings } from './flow/edge-session.ts'
import type { EdgeLink, EdgePeer, EdgeSession } from './flow/ports.ts'
import { TenantRegistry } from './flow/tenant-registry.ts'
import { finishRestores } from './store/replace-books.ts'

/** What an aggregator is made of. It reads time, randomness and disk only through these. */
export interface AggregatorParts {
  /** One SQLite file per tenant: `<dataDirectory>/<tenant>.db`. Created when missing. */
  readonly dataDirectory: string
  /** Signs snapshots and checkpoints. */
  readonly signingKey: SigningKey
  readonly limits?: Partial<AggregatorLimits>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Copies and checks books for a backup where that holds up nobody. Left out: here, while everything else waits. */
  readonly copyBooks?: CopyBooks
  /** Version of this program, for the manifests of backups. */
  readonly version?: string
  /** Simulation only: the disk that the files lie on. */
  readonly disk?: SimulatedDisk
}

/** An aggregator at work. */
export interface RunningAggregator {
  /** A transport has a new connection from `peer`; messages go both ways from now on. */
  openEdgeSession(peer: EdgePeer, link: EdgeLink): EdgeSession
  readonly commands: Commands
  /** The key that agents check snapshots and checkpoints with (raw Ed25519, base64). */
  readonly publicKeyBase64: string
  /** Stops as a power cut would: nothing more is written, sent or called; what was committed stays. */
  kill(): void
  /** Ends sessions, seals a checkpoint, closes every file. What is not rated yet is rated after the next start. */
  close(): Promise<void>
}

/**
 * Builds the aggregator over its files. It runs on the given clock alone and opens no socket: `main` adds the doors, the
 * simulated world adds links of its own.
 */
export function composeAggregator(parts: AggregatorParts): Promise<RunningAggregator> {
  const limits = { ...defaultLimits, ...parts.limits }
  const { dataDirectory, signingKey, clock, random, log } = parts
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  finishRestores(dataDirectory)
  const registry = new TenantRegistry({
    dataDirectory,
    disk: parts.disk,
    keyMemtableKeys: limits.keyMemtableKeys,
    checkpointEveryMs: limits.checkpointEveryMs,
    maxTenants: limits.tenants,
    signingKey,
    clock,
    random,
    log,
  })
  const sessions = new Set<AgentSession>()
  const around: SessionSurroundings = {
    clock,
    log,
    helloTimeoutMs: limits.helloTimeoutMs,
    queueBatches: limits.sessionQueueBatches,
    tenantService: (tenant) => registry.find(tenant),
    onClosed: (session) => sessions.delete(session),
  }
  const { publicKeyBase64 } = signingKey
  return Promise.resolve({
    publicKeyBase64,
    commands: commandSet({
      registry,
      clock,
      dataDirectory,
      signingKey,
      copyBooks: parts.copyBooks ?? ((order, phase) => Promise.resolve(copyBooks(order, phase))),
      log,
      version: parts.version ?? '',
      disk: parts.disk,
    }),
    openEdgeSession(peer, link) {
      const session = new AgentSession(peer, link, around)
      if (sessions.size >= limits.sessions)
        session.refuse('busy', `${limits.sessions} sessions are open already.`, false)
      else sessions.add(session)
      return session
    },
    kill() {
      for (const session of sessions) session.abandon()
      registry.kill()
    },
    close() {
      for (const session of sessions) session.refuse('shutting_down', 'The aggregator stops.', false)
      registry.close()
      return Promise.resolve()
    },
  })
}

/** The key a configured aggregator signs with. Throws a `FaultError` when it is missing or unusable. */
export function readSigningKey(config: AggregatorConfig): SigningKey {
  const file = aggregatorFiles(config).signingKey
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (cause) {
    const message = `The signing key ${file} cannot be read. Make one with "meterline-aggregator init".`
    throw new FaultError(fault('signing_key_missing', message), { cause })
  }
  return openSigningKey(pem)
}

// What follows talks over sockets. It is loaded when it is asked for, so that the simulated world does without it.

/** Opens the gRPC door that agents connect to. Throws a `FaultError` when it cannot be opened as configured. */
export async function openEdgeDoor(
  aggregator: RunningAggregator,
  parts: { readonly config: AggregatorConfig; readonly log: Log },
): Promise<GrpcListener> {
  const { openEdgeServer } = await import('./grpc/edge-server.ts')
  const { edge, limits } = parts.config
  const { host, port } = edge
  const tls =
    edge.tls === undefined
      ? null
      : { ca: readPem(edge.tls.ca), cert: readPem(edge.tls.cert), key: readPem(edge.tls.key) }
  const opened = await openEdgeServer({
    host,
    port,
    tls,
    maxConnections: limits.sessions,
    openSession: (peer, link) => aggregator.openEdgeSession(peer, link),
    log: parts.log,
  })
  if (!opened.ok) throw new FaultError(opened.fault)
  return opened.value
}

/** Opens the socket that the command line reaches the running aggregator by. */
export async function openControl(
  aggregator: RunningAggregator,
  parts: { readonly version: string; readonly socketFile: string; readonly log: Log },
): Promise<ControlServer> {
  const { serveControl } = await import('@meterline/shared/wire/control.ts')
  const { commandRunner } = await import('./control/serve-commands.ts')
  const { version, socketFile, log } = parts
  const about = { version, pid: process.pid, publicKey: aggregator.publicKeyBase64 }
  const served = await serveControl({ socketFile, run: commandRunner(aggregator.commands, about), log })
  if (!served.ok) throw new FaultError(served.fault)
  return served.value
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FaultError(fault('tls_unusable', `The file of edge.tls cannot be read: ${reason}`), { cause })
  }
}
