import { z } from 'zod'
import { compileRule } from './compile-rule.ts'
import { checkTogether } from './compile-rules.ts'
import {
  measures,
  quantityParts,
  roundings,
  ruleFormats,
  ruleLimits,
  timeUnits,
  type RuleDefinition,
} from './rule-definition.ts'

const sourceText = z.union([z.string(), z.array(z.string()).max(ruleLimits.alternatives)])
const scalar = z.union([z.string(), z.number(), z.boolean()])
const factor = z.union([z.string(), z.number()])

const filter = z.strictObject({
  at: sourceText.describe('What is compared'),
  is: scalar.optional().describe('Passes when it equals this, compared as text'),
  isNot: scalar.optional().describe('Passes when it does not, or is not there'),
  in: z.array(scalar).max(ruleLimits.names).optional().describe('Passes when it is one of these'),
  exists: z.boolean().optional().describe('Passes when it is there, or with false when it is not'),
  atLeast: factor.optional().describe('Passes when it is this number or more'),
  atMost: factor.optional().describe('Passes when it is this number or less'),
})
const filters = z.array(filter).max(ruleLimits.filters)

const quantity = z.strictObject({
  at: sourceText.describe('Where the value is'),
  measure: z.enum(measures).optional().describe('Count its size instead'),
  part: z.enum(quantityParts).optional().describe('Take what is above zero, or what is below it'),
  scale: factor.optional().describe('Multiply by 1000, "0.001" or "1/24"'),
  unit: z
    .strictObject({
      from: sourceText.describe('Unit of the value, or a source that names it'),
      to: z.string().describe('Unit of the meter'),
    })
    .optional()
    .describe('Convert exactly'),
  divide: factor.optional().describe('Divide by this'),
  ceilingDivide: factor.optional().describe('Count how many of this size have been started'),
  round: z.enum(roundings).optional().describe('What to do with fractions; left out: they are refused'),
  default: factor.optional().describe('What to take when nothing is there'),
  omitZero: z.boolean().optional().describe('Count nothing instead of zero'),
})

const meter = z.strictObject({
  meter: z.string().optional().describe('Id of the meter'),
  meterFrom: sourceText.optional().describe('Where the payload names the meter'),
  names: z.record(z.string(), z.string()).optional().describe('What names in the payload are called here'),
  quantity: z.union([z.number(), sourceText, quantity]).describe('How much: a number, a source, or a calculation'),
  when: filters.optional().describe('Conditions of this meter alone'),
})

const ruleShape = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_" and "-"')
    .describe('Name of the rule'),
  profile: z.string().optional().describe('A shipped rule to start from; see "map --help"'),
  topics: z.array(z.string()).min(1).max(ruleLimits.topics).optional().describe('MQTT topics it reads, with + and #'),
  publishers: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(ruleLimits.publishers)
    .optional()
    .describe('Devices that may publish to these topics; left out: any'),
  eventTypes: z
    .array(z.string().min(1))
    .min(1)
    .max(ruleLimits.eventTypes)
    .optional()
    .describe('Types of CloudEvents it reads'),
  format: z.enum(ruleFormats).optional().describe('How payloads are written; json takes CBOR as well'),
  records: z.string().optional().describe('JSON pointer to the records; left out: the payload is one, or an array'),
  when: filters.optional().describe('Which records count; left out: all'),
  id: z
    .union([z.string(), z.array(sourceText).max(ruleLimits.idParts)])
    .optional()
    .describe('What makes an event unmistakable, in one or several parts'),
  atLeastOnce: z.boolean().optional().describe('There is nothing to tell events apart by; repeats are charged'),
  subject: sourceText.optional().describe('Who used it; left out: the device'),
  source: sourceText.optional().describe('Which part of the device reported it'),
  time: sourceText.optional().describe('When it was used; left out: when it arrived'),
  timeUnit: z.enum(timeUnits).optional().describe('Unit of the time; left out: RFC 3339 texts or milliseconds'),
  sequence: sourceText.optional().describe('The sequence number of the device, to find gaps'),
  reset: sourceText.optional().describe('What changes when a counter starts anew'),
  meters: z.array(meter).max(16).optional().describe('What is counted'),
  dimensions: z.record(z.string(), sourceText).optional().describe('Further labels to keep: name and source'),
}) satisfies z.ZodType<RuleDefinition>

/** One mapping rule as it is written. What its keys mean is told in docs/mapping.md. */
export const ruleSchema = ruleShape.superRefine((rule, context) => {
  compileRule(rule, (path, message) => context.addIssue({ code: 'custom', path: [...path], message }))
})

/** The mapping rules of a configuration, checked so far that each of them can work, also beside the others. */
export const mappingsSchema = z
  .array(ruleSchema)
  .max(ruleLimits.rules)
  .superRefine((rules, context) => {
    checkTogether(rules, (path, message) => context.addIssue({ code: 'custom', path: [...path], message }))
  })
  .default([])
