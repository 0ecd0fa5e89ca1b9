import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { timeLimits, usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { refused, shown } from '../payload/rejection.ts'
import { birthLimits, type BirthBook, type BirthScope, type BornMetric } from './birth-book.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import type { RecordList } from './record-list.ts'
import type { MappedFrom } from './rule-book.ts'
import { dataTypeName, typedValue } from './sparkplug-datatype.ts'
import { readSparkplugPayload, type SparkplugMetric, type SparkplugPayload } from './sparkplug-payload.ts'

const longestName = 512

/**
 * Reads a Sparkplug B message: each metric becomes a record `{name, alias, timestamp, datatype, value, isHistorical,
 * isTransient, isNull}`, the payload the root around them. Births are learnt by the way; of other messages, each metric
 * that needs a birth nobody has seen is refused by itself.
 */
export function readSparkplug(bytes: Buffer, from: MappedFrom, births: BirthBook): Result<RecordList, MappingFault> {
  if (bytes.length === 0) return refused('payload_empty', 'the payload is empty')
  if (bytes.length > usageEventLimits.payloadBytes) {
    return refused('payload_too_large', `the payload is over ${usageEventLimits.payloadBytes} bytes`)
  }
  const place = placeOf(from)
  if (place === null) {
    return unmapped(
      'sparkplug_malformed',
      `the topic ${shown(from.topic)} is none of Sparkplug: spBv1.0/<group>/<message type>/<edge node>[/<device>]`,
    )
  }
  const payload = readSparkplugPayload(bytes)
  if (!payload.ok) return payload
  if (place.isBirth) {
    const problem = learnBirth(place.scope, payload.value, from, births)
    if (problem !== null) return { ok: false, fault: problem }
  }
  return ok(recordsOf(payload.value, place.scope, births))
}

function placeOf({ topic, device: publisher }: MappedFrom): { scope: BirthScope; isBirth: boolean } | null {
  const [namespace, group, type, node, device, ...more] = topic?.split('/') ?? []
  if (namespace !== 'spBv1.0' || group === undefined || type === undefined || node === undefined) return null
  if (more.length > 0 || topic === null || topic.length > longestName) return null
  return {
    scope: { publisher, group, node, device: device ?? null },
    isBirth: type === (device === undefined ? 'NBIRTH' : 'DBIRTH'),
  }
}

function learnBirth(
  scope: BirthScope,
  { timestamp, metrics }: SparkplugPayload,
  { receivedWallMs }: MappedFrom,
  births: BirthBook,
): MappingFault | null {
  const born: BornMetric[] = []
  for (const { name, alias, datatype } of metrics) {
    if (name === null || name === '' || name.length > longestName) {
      return unmapped('sparkplug_malformed', `a metric of the birth has no name of 1 to ${longestName} characters`)
        .fault
    }
    born.push({ name, alias, datatype })
  }
  // A node without a clock counts from zero; its births then replace one another in the order they come in.
  const timestampMs = Number(timestamp ?? BigInt(receivedWallMs))
  if (timestampMs > timeLimits.latestMs) {
    return unmapped('time_invalid', `the birth has the timestamp ${timestampMs}, which is beyond the year 9999`).fault
  }
  if (births.learn({ scope, timestampMs, metrics: born })) return null
  return unmapped(
    'sparkplug_births_full',
    `there is no room for what this birth says: ${birthLimits.births} births of ${birthLimits.bytes} bytes together are kept`,
  ).fault
}

function recordsOf(payload: SparkplugPayload, scope: BirthScope, births: BirthBook): RecordList {
  const values: unknown[] = []
  const faults = new Map<number, MappingFault>()
  for (const [index, metric] of payload.metrics.entries()) {
    const record = recordOf(metric, births.find(scope, metric))
    values.push(record.ok ? record.value : null)
    if (!record.ok) faults.set(index, record.fault)
  }
  const { timestamp, seq, uuid } = payload
  const root = { timestamp: plainNumber(timestamp), seq: plainNumber(seq), uuid, metrics: values }
  return { values, roots: null, root, memberNames: null, faults }
}

function recordOf(metric: SparkplugMetric, born: BornMetric | null): Result<object, MappingFault> {
  const name = metric.name !== null && metric.name !== '' ? metric.name : (born?.name ?? null)
  if (name === null) {
    return unmapped(
      'sparkplug_birth_missing',
      `the metric with the alias ${metric.alias ?? '(none)'} is not known: no birth with it has been seen; ask the edge node for a rebirth, then replay`,
    )
  }
  const datatype = metric.datatype ?? born?.datatype ?? null
  const value = metric.value === null || metric.isNull ? ok(null) : typedValue(name, metric.value, datatype)
  if (!value.ok) return value
  return ok({
    name,
    alias: plainNumber(metric.alias),
    timestamp: plainNumber(metric.timestamp),
    datatype: dataTypeName(datatype),
    value: value.value,
    isHistorical: metric.isHistorical,
    isTransient: metric.isTransient,
    isNull: metric.isNull || metric.value === null,
  })
}

/** As JSON would have it where that is exact, so that filters and ids see the same whatever the format. */
function plainNumber(value: bigint | null): number | bigint | null {
  return value !== null && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
