import type { Command } from 'commander'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { fault, type Result } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { yamlText } from '@meterline/shared/config/yaml-text.ts'
import { BirthBook } from '../domain/mapping/birth-book.ts'
import { explainPayload, type ExplainedRecord } from '../domain/mapping/explain-payload.ts'
import { profiles } from '../domain/mapping/profiles/profiles.ts'
import type { MappedFrom } from '../domain/mapping/rule-book.ts'
import { refuse, wholeNumber, withConfig, withJson } from './command-parts.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import { findRule, type FoundRule } from './map-rule.ts'
import { readSamples, sampleFiles, unreadable } from './map-samples.ts'
import { recordText, summaryText } from './map-texts.ts'
import { TopicCheck } from './map-topics.ts'
import { Trial, type Standing } from './map-trial.ts'

interface MapOptions {
  readonly json?: boolean
  readonly rule?: string
  readonly sample?: string
  readonly topic?: string
  readonly device?: string
  readonly limit: number
  readonly showProfile?: string
}

/** Adds `map`: tries a mapping rule on samples, without an agent. */
export function addMap(program: Command, end: (code: ExitCode) => void): void {
  withJson(withConfig(program.command('map')))
    .description('Try a mapping rule on samples of payloads: what comes out of each record, and why.')
    .option('--rule <rule>', 'a rule of the configuration, a YAML file (file.yaml#name), or a shipped profile')
    .option(
      '--sample <path>',
      'a file, a directory of files, or "-"; each line of .ndjson is a payload, .gz is unpacked',
    )
    .option('--topic <topic>', 'the topic that the samples were published to')
    .option('--device <id>', 'in whose name they were published; the name of the rule where left out, as for nobody')
    .option('--limit <count>', 'explain at most this many records; all are counted', wholeNumber, 20)
    .option('--show-profile <name>', 'print a shipped profile as a rule to start from')
    .addHelpText('after', `\nShipped profiles: ${[...profiles.keys()].join(', ')}. The guide is docs/mapping.md.`)
    .action(async (options: MapOptions, command: Command) => {
      const json = options.json === true
      if (options.showProfile !== undefined) return showProfile(options.showProfile, json, end)
      const { rule, sample } = options
      if (rule === undefined || sample === undefined) {
        const missing = fault('usage', 'Name a rule with --rule and a sample with --sample; see "map --help".')
        return refuse(json, missing, exitCodes.usage, end)
      }
      const found = findRule(rule, command)
      if (!found.ok) return refuse(json, found.fault, exitCodes.configuration, end)
      const files = sampleFiles(sample)
      if (!files.ok) return refuse(json, files.fault, exitCodes.usage, end)
      const tried = await tryRule(found.value, files.value, options)
      if (!tried.ok) return refuse(json, tried.fault, exitCodes.usage, end)
      const { isGood, shown, text } = tried.value
      printResult(json, shown, text)
      if (!isGood) end(exitCodes.rejected)
    })
}

interface Tried {
  readonly isGood: boolean
  readonly shown: object
  readonly text: string
}

interface ShownRecord extends ExplainedRecord {
  readonly sample: string
  readonly standing: Standing | null
}

const payloadsPerProgress = 50_000

async function tryRule(
  { parts, topics }: FoundRule,
  files: readonly string[],
  options: MapOptions,
): Promise<Result<Tried>> {
  const { device = parts.name, topic = null, limit } = options
  const from: MappedFrom = { device, topic, receivedWallMs: systemClock().wallMs() }
  const trial = new Trial()
  const topicCheck = new TopicCheck(topics, parts.format)
  const births = new BirthBook()
  const explained: ShownRecord[] = []
  let payloads = 0
  try {
    for (const file of files) {
      for await (const { name, payload, topic: ownTopic = topic } of readSamples(file)) {
        trial.payload()
        topicCheck.payload(ownTopic)
        for (const record of explainPayload(parts, payload, { ...from, topic: ownTopic }, births)) {
          const standing = trial.record(record)
          topicCheck.record(ownTopic, record)
          if (explained.length < limit || isTrouble(record, standing))
            explained.push({ sample: name, standing, ...record })
          // What went wrong is worth more than what went well; the first ones of both are kept.
          if (explained.length > limit) dropOne(explained)
        }
        payloads += 1
        if (payloads % payloadsPerProgress === 0) process.stderr.write(`meterline-agent: ${payloads} payloads read\n`)
      }
    }
  } catch (error) {
    return { ok: false, fault: unreadable(error) }
  }
  const told = trial.summary()
  const summary = { ...told, warnings: [...topicCheck.warnings(), ...told.warnings] }
  const texts = explained.map((record) => recordText(record.sample, record, record.standing))
  const isGood = summary.rejected === 0 && summary.conflicts === 0
  const shown = { rule: parts.name, summary, records: explained.map(recordJson) }
  return { ok: true, value: { isGood, shown, text: [...texts, summaryText(summary)].join('\n\n') } }
}

function isTrouble({ outcome }: ExplainedRecord, standing: Standing | null): boolean {
  return outcome.kind === 'rejected' || standing === 'conflict'
}

/** Makes room: the last record that went well goes, or else the newest one. */
function dropOne(explained: ShownRecord[]): void {
  const well = explained.findLastIndex((record) => !isTrouble(record, record.standing))
  explained.splice(well < 0 ? explained.length - 1 : well, 1)
}

/** A record for programs; quantities are texts of digits. */
function recordJson({ sample, standing, position, outcome, fields }: ShownRecord): object {
  if (outcome.kind !== 'event') return { sample, position, outcome, fields }
  const { facts, measured, ...event } = outcome.event
  const texts = {
    facts: facts.map(([name, value]) => [name, value.toString()]),
    measured: measured.map(({ meter, quantity }) => ({ meter, quantity: quantity.toString() })),
  }
  return { sample, position, outcome: { kind: 'event', standing, event: { ...event, ...texts } }, fields }
}

function showProfile(name: string, json: boolean, end: (code: ExitCode) => void): void {
  const profile = profiles.get(name)
  if (profile === undefined) {
    const message = `${name} is no shipped profile: there are ${[...profiles.keys()].join(', ')}.`
    return refuse(json, fault('profile_unknown', message), exitCodes.usage, end)
  }
  printResult(json, profile, yamlText([{ name, ...profile }]).trimEnd())
}
