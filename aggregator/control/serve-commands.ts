import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import { formatMistakes } from '@meterline/shared/config/mistakes.ts'
import type { RunCommand } from '@meterline/shared/wire/control.ts'
import { pairingStates } from '../domain/correlation/judge-pairing.ts'
import { gapKinds } from '../flow/completeness-answers.ts'
import type { ApplyResult, Commands, TenantStatus } from '../flow/commands.ts'
import { backupAnswer } from './backup-answer.ts'
import { billAnswers, billInputs } from './bill-inputs.ts'
import { clockAnswers, clockInputs } from './clock-inputs.ts'
import { limit, personsNote, tenant, unitPlace, unitPlaces } from './input-schemas.ts'
import { receivableAnswers, receivableInputs } from './receivable-inputs.ts'
import { subscriptionAnswers, subscriptionInputs } from './subscription-inputs.ts'
import { usageAnswers, usageInputs } from './usage-inputs.ts'
import { whatIfAnswers, whatIfInputs } from './what-if-inputs.ts'
import { withTenant } from './with-tenant.ts'

const catalogueVersion = z.int().min(0).nullable().default(null)
const catalogueSide = z.union([
  z.strictObject({ version: z.int().min(0).nullable() }),
  z.strictObject({ fileName: z.string(), text: z.string() }),
])

/** What each command takes. `tenant` may be left out when there is exactly one. */
const inputs = {
  apply: z.strictObject({ fileName: z.string(), text: z.string(), dryRun: z.boolean().default(false) }),
  'catalogue-show': z.strictObject({ tenant, version: catalogueVersion, atMs: z.int().optional() }),
  'catalogue-history': z.strictObject({ tenant, limit }),
  'catalogue-diff': z.strictObject({ tenant, before: catalogueSide, after: catalogueSide }),
  'catalogue-export': z.strictObject({ tenant, version: catalogueVersion }),
  ...billInputs,
  'invoice-list': z.strictObject({ tenant, period: z.string().optional() }),
  'invoice-show': z.strictObject({ tenant, number: z.string() }),
  status: z.strictObject({ tenant }),
  'suspense-list': z.strictObject({
    tenant,
    limit,
    after: unitPlace.optional(),
    code: z.string().optional(),
    source: z.string().optional(),
  }),
  'suspense-show': z.strictObject({ tenant, place: unitPlace }),
  'suspense-replay': z.strictObject({
    tenant,
    units: unitPlaces.nullable().default(null),
    code: z.string().nullable().default(null),
    source: z.string().nullable().default(null),
    dryRun: z.boolean().default(false),
    by: personsNote,
  }),
  'suspense-discard': z.strictObject({ tenant, units: unitPlaces, reason: personsNote, by: personsNote }),
  ...subscriptionInputs,
  ...usageInputs,
  ...receivableInputs,
  ...whatIfInputs,
  ...clockInputs,
  'evidence-list': z.strictObject({ tenant, limit }),
  dispositions: z.strictObject({ tenant, events: z.array(z.strictObject({ source: z.string(), id: z.string() })) }),
  verify: z.strictObject({ tenant }),
  backup: z.strictObject({
    tenant,
    toDirectory: z
      .string()
      .refine((path) => isAbsolute(path), 'is no absolute path; the service runs in another folder'),
  }),
  drift: z.strictObject({ tenant, period: z.string().optional(), limit }),
  gaps: z.strictObject({
    tenant,
    atMs: z.int().min(0).optional(),
    kinds: z.array(z.enum(gapKinds)).optional(),
    days: z.int().min(1).max(92).default(7),
    limit,
  }),
  correlations: z.strictObject({
    tenant,
    rule: z.string().optional(),
    fromMs: z.int().min(0).optional(),
    toMs: z.int().min(0).optional(),
    states: z.array(z.enum(pairingStates)).optional(),
    limit,
  }),
} as const

/** What `status` answers when no tenant is named. */
export interface StatusJson {
  readonly version: string
  readonly pid: number
  readonly publicKey: string
  readonly tenants: readonly TenantStatus[]
}

/** The names of the commands a running aggregator answers. */
export type CommandName = keyof typeof inputs

type Input<Name extends CommandName> = z.output<(typeof inputs)[Name]>

/** Answers commands that come in by name with their arguments as JSON. */
export function commandRunner(commands: Commands, about: Omit<StatusJson, 'tenants'>): RunCommand {
  const answers: {
    readonly [Name in CommandName]: (
      input: Input<Name>,
      progress: (message: string) => void,
    ) => Promise<Result<unknown>> | Result<unknown>
  } = {
    apply: async ({ fileName, text, dryRun }) => applyAnswer(await commands.apply(fileName, text, { dryRun })),
    'catalogue-show': ({ tenant: named, version, atMs }) =>
      withTenant(commands, named, (found) =>
        commands.catalogueShow(found, { version, ...(atMs === undefined ? {} : { atMs }) }),
      ),
    'catalogue-history': ({ tenant: named, limit: most }) =>
      withTenant(commands, named, (found) => commands.catalogueHistory(found, { limit: most })),
    'catalogue-diff': ({ tenant: named, before, after }) =>
      withTenant(commands, named, (found) => commands.catalogueDiff(found, before, after)),
    'catalogue-export': ({ tenant: named, version }) =>
      withTenant(commands, named, (found) => commands.catalogueExport(found, version)),
    ...billAnswers(commands),
    'invoice-list': ({ tenant: named, period }) =>
      withTenant(commands, named, (found) => commands.invoiceList(found, period)),
    'invoice-show': ({ tenant: named, number }) =>
      withTenant(commands, named, (found) => commands.invoiceShow(found, number)),
    status: ({ tenant: named }) =>
      named === undefined
        ? ok({ ...about, tenants: commands.status() } satisfies StatusJson)
        : commands.tenantStatus(named),
    'suspense-list': ({ tenant: named, limit: most, after, code, source }) =>
      withTenant(commands, named, (found) =>
        commands.suspenseList(found, {
          limit: most,
          ...(after === undefined ? {} : { after }),
          ...(code === undefined ? {} : { code }),
          ...(source === undefined ? {} : { source }),
        }),
      ),
    'suspense-show': ({ tenant: named, place }) =>
      withTenant(commands, named, (found) => commands.suspenseShow(found, place)),
    'suspense-replay': ({ tenant: named, ...order }, progress) =>
      withTenant(commands, named, (found) => commands.suspenseReplay(found, order, progress)),
    'suspense-discard': ({ tenant: named, ...order }) =>
      withTenant(commands, named, (found) => commands.suspenseDiscard(found, order)),
    ...subscriptionAnswers(commands),
    ...usageAnswers(commands),
    ...receivableAnswers(commands),
    ...whatIfAnswers(commands),
    ...clockAnswers(commands),
    drift: ({ tenant: named, ...request }) => withTenant(commands, named, (found) => commands.drift(found, request)),
    'evidence-list': ({ tenant: named, limit: most }) =>
      withTenant(commands, named, (found) => commands.evidenceList(found, { limit: most })),
    dispositions: ({ tenant: named, events }) =>
      withTenant(commands, named, (found) => commands.dispositions(found, events)),
    verify: ({ tenant: named }) => withTenant(commands, named, (found) => commands.verifyBooks(found)),
    backup: ({ tenant: named, toDirectory }, progress) =>
      withTenant(commands, named, (found) => backupAnswer(commands, found, toDirectory, progress)),
    gaps: ({ tenant: named, ...request }) => withTenant(commands, named, (found) => commands.gaps(found, request)),
    correlations: ({ tenant: named, ...request }) =>
      withTenant(commands, named, (found) => commands.correlations(found, request)),
  }
  const answer = async <Name extends CommandName>(
    name: Name,
    input: unknown,
    progress: (message: string) => void,
  ): Promise<Result<unknown>> => {
    const checked = checkAgainstSchema(inputs[name], input, () => ({ file: name, line: 0, column: 0 }))
    if (!checked.ok) return failed(fault('arguments_invalid', formatMistakes(checked.mistakes)))
    return await answers[name](checked.value as Input<Name>, progress)
  }
  return async (command, input, progress) => {
    if (isCommand(command)) return await answer(command, input, progress)
    const known = Object.keys(inputs).join(', ')
    return failed(fault('command_unknown', `There is no command ${command}; there are ${known}.`))
  }
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(inputs, name)
}

/** Mistakes travel as text for people and, in the details, as JSON for programs. */
function applyAnswer(applied: ApplyResult): Result<unknown> {
  if (applied.ok) return applied
  const { code, message } = applied.fault
  if (applied.mistakes.length === 0) return failed(fault(code, message))
  const text = `${formatMistakes(applied.mistakes)}\n${message}`
  return failed(fault(code, text, { mistakes: JSON.stringify(applied.mistakes) }))
}
