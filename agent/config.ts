import { join } from 'node:path'
import { z } from 'zod'
import { isPublicKey } from '@meterline/shared/integrity/signature.ts'
import { bridgeMistakes, bridgesSchema } from './config/bridges.ts'
import { httpSchema } from './config/http.ts'
import { ownTopicMistakes } from './domain/mapping/compile-rules.ts'
import { mappingsSchema } from './domain/mapping/rule-schema.ts'
import { parseAgentId, parseTenantId, trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'

const fileName = z.string().min(1)
const port = z.int().min(0).max(65_535)
const milliseconds = z.int().min(1)
const mebibyte = 1024 * 1024

const tlsFiles = {
  cert: fileName.describe('Certificate, a PEM file'),
  key: fileName.describe('Its private key, a PEM file'),
}

const tenantId = z.string().transform((text, context) => {
  const parsed = parseTenantId(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.fault.message })
  return trustedTenantId(text)
})
const agentId = z.string().transform((text, context) => {
  const parsed = parseAgentId(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.fault.message })
  return trustedAgentId(text)
})

const device = z.strictObject({
  id: z.string().min(1).describe('The client id the device connects with'),
  secretHash: z
    .string()
    .min(1)
    .meta({ secret: true })
    .describe('Hash of its secret, made by "meterline-agent device hash"'),
})

/** The list of devices in a file of its own. */
export const devicesFileSchema = z.array(device)

const mqttSchema = z.strictObject({
  listeners: z
    .array(
      z.strictObject({
        host: z.string().min(1).describe('Address to listen on'),
        port: port.describe('Port to listen on; 0: any free one'),
        tls: z.strictObject(tlsFiles).optional().describe('Left out: plain text'),
      }),
    )
    .min(1)
    .default([{ host: '127.0.0.1', port: 1883 }])
    .describe('Where devices connect'),
  prefix: z.string().min(1).default('meter/v1').describe('What the topics of devices begin with'),
  anonymous: z
    .enum(['never', 'loopback'])
    .default('never')
    .describe('Whether clients on this machine may publish without a secret, for any device that is not registered'),
  devices: z.array(device).default([]).describe('Who may connect'),
  devicesFile: fileName.optional().describe('A YAML file with further devices'),
})

const uplinkSchema = z.strictObject({
  address: z
    .string()
    .regex(/^.+:[0-9]{1,5}$/, 'is no address: write host:port')
    .describe('host:port of the aggregator'),
  tls: z
    .strictObject({
      ca: fileName.describe('Certificates of the authorities that are trusted, a PEM file'),
      ...tlsFiles,
    })
    .optional()
    .describe('Mutual TLS. Left out: plain text, which is allowed to this machine only'),
  aggregatorKey: z
    .string()
    .refine(isPublicKey, 'is no raw Ed25519 public key in base64')
    .describe('Public key of the aggregator, printed by "meterline-aggregator init"'),
  retryBaseMs: milliseconds
    .default(250)
    .describe('Longest pause before the first attempt to connect again; doubles each time'),
  retryCapMs: milliseconds.default(30_000).describe('Longest pause between attempts to connect'),
  greetingMs: milliseconds.default(10_000).describe('How long the aggregator may take to answer a hello'),
  answerMs: milliseconds.default(30_000).describe('How long it may take to give a receipt while batches are under way'),
  reportEveryMs: milliseconds
    .min(1_000)
    .default(60_000)
    .describe('How often the aggregator is told how this agent stands; soon after trouble as well'),
})

/** Batches of more bytes than this might not fit into a message with the largest event added. */
const longestBatchBytes = 768 * 1024

const settingsSchema = z.strictObject({
  tenant: tenantId.describe('The tenant this agent meters for'),
  agent: agentId.describe('The id of this agent in the tenant file'),
  epoch: z
    .int()
    .min(1)
    .default(1)
    .describe('Incarnation of this agent, as the tenant file says; raised when its data directory was lost or copied'),
  dataDirectory: fileName.describe('Where journal and key are kept; on a disk that keeps what it was told to'),
  signingKeyFile: fileName.optional().describe('The key batches are signed with; left out: agent.key in dataDirectory'),
  mqtt: mqttSchema.prefault({}).describe('The broker that devices publish to'),
  http: httpSchema.describe('The door for usage over HTTP; left out: there is none'),
  bridges: bridgesSchema.describe('Foreign brokers whose topics this agent subscribes to'),
  mappings: mappingsSchema.describe('Rules that read payloads nobody can change'),
  uplink: uplinkSchema.describe('The connection to the aggregator'),
  seal: z
    .strictObject({
      lingerMs: milliseconds.default(100).describe('Longest wait before what was metered is sealed and sent'),
      maxUnits: z.int().min(1).max(10_000).default(1000).describe('Most events in a batch'),
      maxBytes: z.int().min(1024).max(longestBatchBytes).default(262_144).describe('Size at which a batch is sealed'),
    })
    .prefault({})
    .describe('When a batch is sealed'),
  journal: z
    .strictObject({
      commitDelayMs: z
        .int()
        .min(0)
        .max(1000)
        .default(0)
        .describe(
          'How long a delivery may wait for others to be committed with; spares SD cards, delays acknowledgements',
        ),
      keyRetentionDays: z
        .int()
        .min(1)
        .max(3660)
        .default(45)
        .describe('How long this agent itself recognises a repeated event; the aggregator does for ever'),
      retainHours: z
        .int()
        .min(0)
        .max(8760)
        .default(24)
        .describe(
          'How long batches are kept after the aggregator has them, to be sent again if it is restored from a backup',
        ),
    })
    .prefault({})
    .describe('How usage is stored here'),
  limits: z
    .strictObject({
      groupDeliveries: z.int().min(16).max(65_536).default(4096).describe('Most deliveries in one commit'),
      groupBytes: z
        .int()
        .min(128 * 1024)
        .max(16 * mebibyte)
        .default(512 * 1024)
        .describe('Most payload bytes in one commit; twice this is held in memory'),
      devices: z.int().min(16).max(1_000_000).default(65_536).describe('Device names kept in memory'),
      outboxBytes: z
        .int()
        .min(mebibyte)
        .default(4096 * mebibyte)
        .describe('What may wait for the aggregator; above it nothing is taken in'),
      retainedBytes: z
        .int()
        .min(0)
        .default(256 * mebibyte)
        .describe(
          'What batches that the aggregator has may take; above it, or a quarter of journalBytes, the oldest go early',
        ),
      journalBytes: z
        .int()
        .min(mebibyte)
        .default(8192 * mebibyte)
        .describe('What the journal may take on the disk, event keys included; above it nothing is taken in'),
      suspenseRows: z
        .int()
        .min(1)
        .default(10_000)
        .describe('Most entries in suspense; above it their deliveries are refused'),
      suspenseRowsPerDevice: z.int().min(1).default(2000).describe('Most entries in suspense of one device'),
      suspenseBytes: z
        .int()
        .min(1024)
        .default(64 * mebibyte)
        .describe('Most payload bytes in suspense; above it their deliveries are refused'),
      suspensePayloadBytes: z
        .int()
        .min(0)
        .max(65_536)
        .default(65_536)
        .describe('How much of a payload is kept in suspense; one that was cut cannot be read again'),
    })
    .prefault({})
    .describe('Caps'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('What is logged'),
    })
    .prefault({})
    .describe('Log lines go to standard output, one JSON object each'),
  control: z
    .strictObject({ socket: fileName.optional().describe('Unix socket; left out: control.sock in dataDirectory') })
    .prefault({})
    .describe('Where the command line reaches the running agent'),
})

/** Everything an agent can be told, with its defaults. */
export const agentConfigSchema = settingsSchema.superRefine(({ bridges, mappings, mqtt }, context) => {
  const rules = new Set(mappings.map(({ name }) => name))
  const devices = new Set(mqtt.devices.map(({ id }) => id))
  for (const { path, message } of bridgeMistakes(bridges, rules, devices)) {
    context.addIssue({ code: 'custom', path: [...path], message })
  }
  for (const { path, message } of ownTopicMistakes(mappings, mqtt.prefix)) {
    context.addIssue({ code: 'custom', path: ['mappings', ...path], message })
  }
})

/** A checked configuration. */
export type AgentConfig = z.output<typeof agentConfigSchema>

/** A configuration as it may be written, before defaults. */
export type AgentConfigInput = z.input<typeof agentConfigSchema>

/** Checks a configuration made in code and fills in the defaults. Throws on mistakes: they are the program's. */
export function agentConfig(input: AgentConfigInput): AgentConfig {
  return agentConfigSchema.parse(input)
}

/** Where an agent keeps what. */
export function agentFiles(config: AgentConfig): {
  readonly journal: string
  readonly signingKey: string
  readonly controlSocket: string
} {
  return {
    journal: join(config.dataDirectory, 'journal.db'),
    signingKey: config.signingKeyFile ?? join(config.dataDirectory, 'agent.key'),
    controlSocket: config.control.socket ?? join(config.dataDirectory, 'control.sock'),
  }
}
