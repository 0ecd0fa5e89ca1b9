import { parseArgs } from 'node:util'
import { compileRules } from '@meterline/agent/domain/mapping/compile-rules.ts'
import type { RuleBook } from '@meterline/agent/domain/mapping/rule-book.ts'
import { normalise } from '@meterline/agent/domain/normalise.ts'
import { decode } from 'cbor-x'
import { mappedContents } from './mapped-samples.ts'
import { median } from './measurement.ts'
import { payloadSamples, type PayloadSample } from './normalise-samples.ts'

/** What one dialect came to. */
export interface NormaliseReport {
  readonly dialect: string
  readonly recordsPerSecond: number
  /** `JSON.parse` of the same content, from bytes. */
  readonly jsonParsePerSecond: number
  /** cbor-x decoding the same bytes; null for JSON. */
  readonly cborDecodePerSecond: number | null
}

const { values } = parseArgs({
  options: { dialect: { type: 'string' }, rounds: { type: 'string' }, payloads: { type: 'string' } },
})
const rounds = Number(values.rounds)
const sliceLength = 100
const device = 'bench-device'
const receivedWallMs = Date.UTC(2026, 10, 5)
// Every result goes through here, so that nothing is left out by the compiler because nobody looks.
let looked = 0
const rules = mappingRules()

const sample = payloadSamples(Number(values.payloads)).find(({ dialect }) => dialect === values.dialect)
if (sample === undefined) throw new Error(`there are no payloads of ${values.dialect}`)
process.stdout.write(`${JSON.stringify(measure(sample))}\n`)
if (looked === 0) throw new Error('nothing was read')

/**
 * The ways are taken in turns, a slice of payloads each, so that a change of the machine's speed meets all of them alike;
 * a slice is so short that most of them run without an interruption.
 */
function measure(measured: PayloadSample): NormaliseReport {
  const json = measured.contents.map((content) => Buffer.from(JSON.stringify(content)))
  const rates = { normalise: [] as number[], json: [] as number[], cbor: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    const from = (round * sliceLength) % json.length
    const slice = measured.payloads.slice(from, from + sliceLength)
    const jsonSlice = json.slice(from, from + sliceLength)
    rates.normalise.push(perSecond(slice, (bytes) => readAll(measured, bytes)))
    rates.json.push(perSecond(jsonSlice, (bytes) => typeof JSON.parse(bytes.toString()) === 'object'))
    if (measured.format === 'cbor') rates.cbor.push(perSecond(slice, (bytes) => typeof decode(bytes) === 'object'))
  }
  return {
    dialect: measured.dialect,
    recordsPerSecond: median(rates.normalise),
    jsonParsePerSecond: median(rates.json),
    cborDecodePerSecond: rates.cbor.length === 0 ? null : median(rates.cbor),
  }
}

function readAll({ kind, dialect, profile }: PayloadSample, bytes: Uint8Array): boolean {
  const rule = profile === null ? undefined : rules.get(profile)
  const { events, rejected } =
    rule?.map(bytes, { device, topic: null, receivedWallMs }) ?? normalise(kind, device, bytes, receivedWallMs)
  if (rejected.length > 0) throw new Error(`${dialect}: ${rejected[0]?.message}`)
  return events.length === 1
}

function mappingRules(): RuleBook['byName'] {
  const compiled = compileRules(mappedContents.map(({ profile }) => ({ name: profile, profile })))
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.mistakes))
  return compiled.value.byName
}

function perSecond<Bytes extends Uint8Array>(payloads: readonly Bytes[], read: (bytes: Bytes) => boolean): number {
  const fromMs = performance.now()
  for (const payload of payloads) if (read(payload)) looked += 1
  return payloads.length / ((performance.now() - fromMs) / 1000)
}
