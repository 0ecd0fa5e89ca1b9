import { join } from 'node:path'
import { z } from 'zod'
import { logLevels } from '@meterline/shared/base/log.ts'

/** Caps and paces. */
export interface AggregatorLimits {
  /** Tenants with books of their own here. */
  readonly tenants: number
  /** Edge sessions open at the same time. */
  readonly sessions: number
  /** Batches one session may have waiting before its reading pauses. */
  readonly sessionQueueBatches: number
  /** How long a session may be open without a hello. */
  readonly helloTimeoutMs: number
  /** How long the log may grow without a signed checkpoint. */
  readonly checkpointEveryMs: number
  /** Event keys per tenant gathered in memory before they become a run on disk; about 80 bytes each. */
  readonly keyMemtableKeys: number
}

/** What production runs with unless the config says otherwise. */
export const defaultLimits: AggregatorLimits = {
  tenants: 200,
  sessions: 2_000,
  sessionQueueBatches: 16,
  helloTimeoutMs: 10_000,
  checkpointEveryMs: 5_000,
  keyMemtableKeys: 131_072,
}

const port = z.int().min(0).max(65_535)
const file = z.string().min(1, 'is empty; name a file')
const count = (value: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(1_000_000_000).default(value)

const tls = z
  .strictObject({
    ca: file.describe('PEM file of the authority that signs the certificates of agents'),
    cert: file.describe("PEM file of the aggregator's certificate, with its chain"),
    key: file.describe('PEM file of its private key'),
  })
  .describe('mutual TLS; a client certificate names the agent (CN) and its tenant (O)')

const edge = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('address agents connect to'),
    port: port.default(7443).describe('its port; 0 lets the system choose (see run --ready-file)'),
    tls: tls.optional(),
  })
  .refine(({ host, tls: given }) => given !== undefined || isLoopback(host), {
    path: ['tls'],
    message:
      'is missing: without it agents connect in plain text, which only a loopback host (127.0.0.1, ::1) may offer',
  })

/** The one schema of the aggregator's configuration: file, environment variables, flags and help follow from it. */
export const aggregatorConfigSchema = z.strictObject({
  dataDirectory: file.describe('folder of the books (one file per tenant) and of the signing key'),
  edge: edge.prefault({}),
  control: z
    .strictObject({
      socket: file.optional().describe('Unix socket for the commands; control.sock in the data directory by default'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(logLevels).default('info').describe('lines below it are left out') })
    .prefault({}),
  limits: z
    .strictObject({
      tenants: count(defaultLimits.tenants).describe('tenants with books here'),
      sessions: count(defaultLimits.sessions).describe('agents connected at the same time'),
      sessionQueueBatches: count(defaultLimits.sessionQueueBatches).describe(
        'batches one agent may have waiting before its reading pauses',
      ),
      helloTimeoutMs: count(defaultLimits.helloTimeoutMs).describe('how long a connection may say nothing'),
      checkpointEveryMs: count(defaultLimits.checkpointEveryMs).describe(
        'how long the log may grow without a signed checkpoint',
      ),
      keyMemtableKeys: count(defaultLimits.keyMemtableKeys).describe(
        'event keys per tenant gathered in memory, about 80 bytes each',
      ),
    })
    .prefault({}),
})

/** The aggregator's configuration, checked. */
export type AggregatorConfig = z.output<typeof aggregatorConfigSchema>

/** Where a configured aggregator keeps what is not a tenant's. */
export function aggregatorFiles(config: AggregatorConfig): {
  readonly signingKey: string
  readonly controlSocket: string
} {
  const { dataDirectory, control } = config
  return {
    signingKey: join(dataDirectory, 'aggregator.key'),
    controlSocket: control.socket ?? join(dataDirectory, 'control.sock'),
  }
}

/** Whether a host name can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
