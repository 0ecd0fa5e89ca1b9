import { z } from 'zod'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { fleetDuration, meterSchema } from './fleet-meter.ts'
import { dialectNames } from './dialects/dialect.ts'
import { parseNamePattern } from './name-pattern.ts'

/** Caps of a fleet: what one process of this kind can play and one machine can hold connections for. */
export const fleetLimits = {
  groups: 100,
  devices: 20_000,
  /** Connections when devices roam: one for each device and gateway. */
  connections: 20_000,
  messagesAMinute: 1_000_000,
  burstMessages: 10_000,
} as const

const share = z.number().min(0).max(1).default(0)

const pattern = z.string().transform((text, context) => {
  const parsed = parseNamePattern(text)
  if (parsed.ok) return parsed.value
  context.addIssue({ code: 'custom', message: parsed.fault.message })
  return z.NEVER
})

const start = z.string().transform((text, context): number | 'now' => {
  if (text === 'now') return 'now'
  const parsed = parseInstant(text)
  if (parsed.ok) return parsed.value
  context.addIssue({ code: 'custom', message: parsed.fault.message })
  return z.NEVER
})

const hour = z.int().min(0).max(23)
const factor = z.number().min(0).max(1000)

/** One group of like devices. */
export const groupSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is no name: write 1 to 64 letters, digits or . _ -'),
  count: z.int().min(1).max(fleetLimits.devices),
  device: pattern,
  subject: pattern.optional(),
  account: pattern.optional(),
  dialect: z.enum(dialectNames),
  topic: z.string().min(1).max(256).optional(),
  messagesPerHour: z.number().min(0).max(3_600_000),
  hours: z.array(factor).length(24, 'needs a factor for each of the 24 hours').optional(),
  night: z.strictObject({ from: hour, to: hour, factor }).optional(),
  bursts: z
    .strictObject({
      perDay: z.number().min(0).max(1440),
      messages: z.int().min(1).max(fleetLimits.burstMessages),
      within: fleetDuration,
    })
    .optional(),
  meters: z.record(z.string().min(1).max(64), meterSchema),
  dimensions: z.record(z.string().min(1).max(64), z.string().min(1).max(128)).default({}),
  model: z.string().min(1).max(128).default('bright-large-2'),
  sequence: z.boolean().default(false),
  resetId: z.boolean().default(false),
  roaming: z
    .strictObject({ share, repeat: share })
    .prefault({})
    .describe('Messages that go through another gateway, and those that go through both'),
  failures: z
    .strictObject({ drop: share, malformed: share, duplicate: share, wrongUnit: share, silent: share, reset: share })
    .prefault({}),
})

/** A fleet file; its groups are checked one by one, so that a mistake in one hides none in another. */
export const fleetSchema = z.strictObject({
  fleet: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'is no id: write 1 to 32 lower-case letters, digits or -'),
  seed: z.union([z.string().min(1), z.int().transform(String)]).default('fleet'),
  start,
  duration: fleetDuration,
  prefix: z.string().min(1).default('meter/v1'),
  groups: z.array(z.unknown()).min(1, 'is empty: a fleet has at least one group').max(fleetLimits.groups),
})

export type FleetGroup = z.output<typeof groupSchema>

/** A whole checked fleet file. */
export interface FleetFile extends Omit<z.output<typeof fleetSchema>, 'groups'> {
  readonly groups: readonly FleetGroup[]
}
