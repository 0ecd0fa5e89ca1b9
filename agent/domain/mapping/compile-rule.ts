import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { isReservedName, isStorable } from '../payload/fields.ts'
import { compileFilters } from './filter.ts'
import { compilePointer } from './json-pointer.ts'
import { compileQuantity } from './quantity.ts'
import type { MeterDefinition, RuleDefinition, SourceText } from './rule-definition.ts'
import { below, type Blame } from './rule-mistake.ts'
import { resetLabel, type LabelParts, type MeterParts, type RuleParts } from './rule-parts.ts'
import { compileSource, type Source } from './source.ts'
import { useProfile } from './use-profile.ts'

/** Where a CloudEvent says who and when, for rules that leave it out. */
const ofCloudEvents = {
  id: ['$/id'],
  subject: ['$/subject', 'device'],
  source: '$/source',
  time: ['$/time', 'received'],
}

/** Compiles one rule, its profile included; null after its mistakes were noted. */
export function compileRule(written: RuleDefinition, blame: Blame): RuleParts | null {
  let sound = true
  const note: Blame = (path, message) => {
    sound = false
    blame(path, message)
  }
  const used = useProfile(written, note)
  if (used === null) return null
  const cloudEvents = used.eventTypes !== undefined
  const rule = cloudEvents && used.atLeastOnce !== true ? { ...ofCloudEvents, ...used } : used
  checkReaders(rule, note)

  const records = compileRecords(rule, note)
  const when = compileFilters(rule.when ?? [], below(note, 'when')) ?? []
  const id = compileId(rule, note)
  const field = (key: 'subject' | 'source' | 'sequence'): Source | null => {
    const text = rule[key]
    return text === undefined ? null : compileTimeless(text, below(note, key))
  }
  const parts: RuleParts = {
    name: rule.name,
    format: rule.format ?? 'json',
    cloudEvents,
    records,
    when,
    id,
    subject: field('subject'),
    source: field('source'),
    time: compileTime(rule, note),
    sequence: field('sequence'),
    meters: compileMeters(rule, note),
    labels: compileLabels(rule, note),
  }
  return sound ? parts : null
}

function checkReaders({ format, topics, publishers, eventTypes }: RuleDefinition, note: Blame): void {
  if (publishers !== undefined && topics === undefined) {
    note(['publishers'], 'only restricts who may publish to "topics", and there are none')
  }
  if (eventTypes === undefined) return
  if (topics !== undefined) {
    note(
      ['eventTypes'],
      'reads CloudEvents wherever they come in: leave out topics, or write a rule of its own for them',
    )
  }
  if (format !== undefined && format !== 'json') note(['format'], `is ${format}, but CloudEvents are read as JSON`)
}

function compileRecords({ records, format }: RuleDefinition, note: Blame): RuleParts['records'] {
  if (records === undefined) return null
  if (format === 'ndjson' || format === 'sparkplug-b') {
    note(['records'], `does not go with ${format}, where each ${format === 'ndjson' ? 'line' : 'metric'} is a record`)
    return null
  }
  const at = compilePointer(records)
  if (at.ok) return { text: records, at: at.value }
  note(['records'], at.fault.message)
  return null
}

function compileId(rule: RuleDefinition, note: Blame): readonly Source[] {
  const { id, atLeastOnce } = rule
  if (id === undefined) {
    if (atLeastOnce === true) return []
    note(
      [],
      'has no id: say what makes an event unmistakable, or accept repeats being charged with "atLeastOnce: true"',
    )
    return []
  }
  if (atLeastOnce === true) note(['atLeastOnce'], 'is stated beside an id: leave one of the two out')
  const written = typeof id === 'string' ? [id] : id
  if (written.length === 0) note(['id'], 'is an empty list: name its parts')
  const parts = written.map((part, index) =>
    compileTimeless(part, below(note, 'id', ...(typeof id === 'string' ? [] : [index]))),
  )
  const sources = parts.filter((part) => part !== null)
  if (sources.length < parts.length || sources.length === 0) return sources
  if (sources.every((part) => part.reach === 'constant')) {
    note(['id'], 'is the same for every event: take a part of it from the payload')
  } else if (rule.records !== undefined && !sources.some((part) => part.reach === 'record')) {
    note(['id'], 'is the same for all records of a payload: add a part of the record, or "key" for its place')
  }
  return sources
}

function compileTime(rule: RuleDefinition, note: Blame): RuleParts['time'] {
  const { time, timeUnit } = rule
  if (time === undefined) {
    if (timeUnit !== undefined) note(['timeUnit'], 'is stated without a time')
    return null
  }
  const at = compileSource(time, below(note, 'time'))
  if (at === null) return null
  if (at.reach === 'constant') note(['time'], 'is the same for every event: leave it out for the time of arrival')
  return { at, unit: timeUnit ?? null }
}

/** A source of anything but a time. */
function compileTimeless(text: SourceText, blame: Blame): Source | null {
  const all = typeof text === 'string' ? [text] : text
  if (!all.includes('received')) return compileSource(text, blame)
  blame([], 'is taken from the time of arrival, which is another one each time the same event arrives')
  return null
}

function compileMeters(rule: RuleDefinition, note: Blame): readonly MeterParts[] {
  const meters = rule.meters ?? []
  if (meters.length === 0) note(meters === rule.meters ? ['meters'] : [], 'counts nothing: state at least one meter')
  const seen = new Map<string, boolean>()
  return meters.flatMap((definition, index) => {
    const { meter } = definition
    const conditional = definition.when !== undefined
    if (meter !== undefined && seen.get(meter) !== undefined && !(conditional && seen.get(meter) === true)) {
      note(['meters', index, 'meter'], 'is there already: two quantities of one meter need a "when" each')
    }
    if (meter !== undefined) seen.set(meter, conditional && seen.get(meter) !== false)
    return compileMeter(definition, below(note, 'meters', index)) ?? []
  })
}

function compileMeter(definition: MeterDefinition, note: Blame): MeterParts | null {
  const { meter, meterFrom, names } = definition
  if ((meter === undefined) === (meterFrom === undefined)) {
    note([], 'needs either meter, its id, or meterFrom, where the payload names it')
    return null
  }
  if (meter !== undefined) {
    const problem = meterIdProblem(meter)
    if (problem !== null) note(['meter'], problem)
    if (names !== undefined) note(['names'], 'goes with meterFrom only')
  }
  const translated = names === undefined ? null : new Map(Object.entries(names))
  for (const [name, id] of translated ?? []) {
    const problem = meterIdProblem(id)
    if (problem !== null) note(['names', name], problem)
  }
  const from = meterFrom === undefined ? null : compileTimeless(meterFrom, below(note, 'meterFrom'))
  const quantity = compileQuantity(definition.quantity, below(note, 'quantity'))
  const when = compileFilters(definition.when ?? [], below(note, 'when'))
  if (quantity === null || when === null) return null
  return { meter: meter ?? null, from, names: translated, quantity, when }
}

/** What is wrong with the id of a meter, as a phrase, or null. */
export function meterIdProblem(meter: string): string | null {
  if (!isStorable(meter, usageEventLimits.meterBytes)) {
    return `is no id of a meter: 1 to ${usageEventLimits.meterBytes} bytes without control characters`
  }
  return isReservedName(meter) ? 'is a reserved name: choose another one' : null
}

function compileLabels({ dimensions = {}, reset }: RuleDefinition, note: Blame): readonly LabelParts[] {
  const most = usageEventLimits.labels - (reset === undefined ? 0 : 1)
  const names = Object.keys(dimensions)
  if (names.length > most) note(['dimensions'], `has ${names.length} names, at most ${most} are kept`)
  const labels = names.flatMap((name) => {
    const blame = below(note, 'dimensions', name)
    if (isReservedName(name) || name.startsWith('@') || name.startsWith('+')) {
      blame([], 'is a reserved name: names beginning with @ or + and those of JavaScript objects cannot be used')
    } else if (!isStorable(name, usageEventLimits.labelKeyBytes)) {
      blame([], `is no name: 1 to ${usageEventLimits.labelKeyBytes} bytes without control characters`)
    }
    const at = compileTimeless(dimensions[name] ?? [], blame)
    return at === null ? [] : [{ name, at }]
  })
  const resetAt = reset === undefined ? null : compileTimeless(reset, below(note, 'reset'))
  if (resetAt !== null) labels.push({ name: resetLabel, at: resetAt })
  return labels.toSorted((left, right) => (left.name < right.name ? -1 : 1))
}
