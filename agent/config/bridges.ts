import { z } from 'zod'
import { isDeviceId } from '../domain/device-id.ts'
import { filtersOverlap, sharedFilterOf, topicFilterProblem } from '../domain/topic-filter.ts'

const fileName = z.string().min(1)
const daySeconds = 86_400

const subscriptionSchema = z
  .strictObject({
    topic: z
      .string()
      .describe('Topic filter, with + and #, also $share/<group>/<filter>')
      .superRefine((filter, context) => {
        const problem = topicFilterProblem(filter)
        if (problem !== null) context.addIssue({ code: 'custom', message: `${problem}: write a topic filter` })
      }),
    kind: z.enum(['usage', 'ai']).optional().describe('What the messages are when no rule reads them'),
    rule: z.string().min(1).optional().describe('Name of the mapping rule that reads the messages'),
    retained: z
      .enum(['skip', 'take'])
      .default('skip')
      .describe('Whether the copies that the broker keeps for new subscribers are metered too'),
  })
  .superRefine(({ kind, rule }, context) => {
    if ((kind === undefined) === (rule === undefined)) {
      context.addIssue({ code: 'custom', message: 'needs either kind (usage or ai) or rule, and not both' })
    }
  })

const tlsSchema = z
  .strictObject({
    ca: fileName
      .optional()
      .describe('Certificates of the authorities that are trusted, a PEM file; left out: the usual'),
    cert: fileName.optional().describe('Own certificate, a PEM file, where the broker asks for one'),
    key: fileName.optional().describe('Its private key, a PEM file'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('Name the certificate must be for; left out: the host of the url'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'needs cert and key together')

const bridgeSchema = z
  .strictObject({
    name: z
      .string()
      .refine(isDeviceId, 'is no device id: write 1 to 64 letters, digits or . _ : -, a letter or digit first')
      .describe('The device whose events everything that comes over this bridge is'),
    url: z.string().describe('mqtt://host:port or mqtts://host:port of the broker').superRefine(checkUrl),
    clientId: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('Names the session at the broker, which keeps messages under it; left out: meterline-<agent>-<name>'),
    username: z.string().min(1).optional().describe('User name at the broker'),
    password: z.string().min(1).optional().meta({ secret: true }).describe('Password at the broker'),
    protocolVersion: z
      .union([z.literal(4), z.literal(5)])
      .default(5)
      .describe('5: MQTT 5; 4: MQTT 3.1.1, for brokers that know nothing newer'),
    keepaliveSeconds: z.int().min(5).max(3600).default(30).describe('Silence after which a ping asks for the broker'),
    receiveMaximum: z
      .int()
      .min(1)
      .max(65_535)
      .default(1000)
      .describe(
        'Messages the broker may send ahead of their acknowledgements (MQTT 5; a 3.1.1 broker has its own limit)',
      ),
    sessionExpirySeconds: z
      .int()
      .min(60)
      .max(0xffff_ffff)
      .default(30 * daySeconds)
      .describe('How long the broker keeps the session while this agent is away (MQTT 5; 4294967295: for ever)'),
    tls: tlsSchema.optional().describe('For mqtts; left out: the usual authorities and no certificate of its own'),
    subscriptions: z
      .array(subscriptionSchema)
      .min(1)
      .max(256)
      .superRefine(checkOverlaps)
      .describe('What is read, at QoS 1'),
  })
  .superRefine(({ url, tls, username, password }, context) => {
    if (tls !== undefined && url.startsWith('mqtt:')) {
      context.addIssue({ code: 'custom', path: ['tls'], message: 'needs an url that begins with mqtts://' })
    }
    if (password !== undefined && username === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['password'],
        message: 'needs a username (MQTT 3.1.1, section 3.1.2.9)',
      })
    }
  })

/** Foreign brokers whose topics this agent subscribes to. */
export const bridgesSchema = z.array(bridgeSchema).max(64).default([]).superRefine(checkNames)

/** One bridge as it is configured, defaults filled in. */
export type BridgeConfig = z.output<typeof bridgeSchema>

/** A mistake between bridges and the rest of the configuration, at its place. */
export interface BridgeMistake {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What bridges refer to in the rest of the configuration and would clash with: rules they name, devices they are not. */
export function bridgeMistakes(
  bridges: readonly BridgeConfig[],
  rules: ReadonlySet<string>,
  devices: ReadonlySet<string>,
): readonly BridgeMistake[] {
  return bridges.flatMap(({ name, subscriptions }, index) => {
    const path = ['bridges', index]
    const unknown = subscriptions.flatMap(({ rule }, position): BridgeMistake[] =>
      rule === undefined || rules.has(rule)
        ? []
        : [{ path: [...path, 'subscriptions', position, 'rule'], message: ruleUnknown(rule, rules) }],
    )
    if (!devices.has(name)) return unknown
    const message = `${name} is a device with a secret: its events and those of the bridge could not be told apart`
    return [...unknown, { path: [...path, 'name'], message }]
  })
}

function ruleUnknown(rule: string, rules: ReadonlySet<string>): string {
  const known = rules.size === 0 ? 'there are none' : `there are ${[...rules].join(', ')}`
  return `names the mapping rule ${rule}, which is not under mappings: ${known}`
}

/** Whether a host name can only be this machine: what it resolves to is looked at again when a connection is open. */
function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

function checkUrl(text: string, context: z.RefinementCtx): void {
  const refuse = (message: string): void => context.addIssue({ code: 'custom', message })
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'mqtt:' && url.protocol !== 'mqtts:') || url.hostname === '') {
    return refuse('is no broker: write mqtts://host:port, or mqtt://127.0.0.1:1883 for this machine')
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('holds a user name or password, which would show in logs: write username and passwordFile')
  }
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '') {
    return refuse('goes on behind the port: topics belong under subscriptions')
  }
  if (url.protocol === 'mqtt:' && !isThisMachine(url.hostname)) {
    return refuse(`would carry secrets and usage to ${url.hostname} in plain text: write mqtts://`)
  }
}

function checkOverlaps(subscriptions: readonly { readonly topic: string }[], context: z.RefinementCtx): void {
  for (const [index, { topic }] of subscriptions.entries()) {
    const other = subscriptions
      .slice(0, index)
      .find((earlier) => filtersOverlap(sharedFilterOf(earlier.topic), sharedFilterOf(topic)))
    if (other === undefined) continue
    const message = `overlaps with ${other.topic}: a message that matches both would be delivered twice or read by the wrong rule`
    context.addIssue({ code: 'custom', path: [index, 'topic'], message })
  }
}

function checkNames(bridges: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  for (const [index, { name }] of bridges.entries()) {
    if (bridges.findIndex((bridge) => bridge.name === name) === index) continue
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `${name} is the name of another bridge already`,
    })
  }
}
