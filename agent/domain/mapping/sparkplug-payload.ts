import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import { ProtobufProblem, ProtobufReader } from './protobuf-reader.ts'

/** The value of a metric before its data type is looked at: integers come unsigned. */
export type SparkplugValue =
  | { readonly kind: 'int' | 'long'; readonly bits: bigint }
  | { readonly kind: 'plain'; readonly value: string | number | boolean | Uint8Array }
  /** Data sets, templates and extensions, which nobody meters. */
  | { readonly kind: 'other' }

/** One metric of a Sparkplug B payload as it was sent. */
export interface SparkplugMetric {
  readonly name: string | null
  readonly alias: bigint | null
  readonly timestamp: bigint | null
  readonly datatype: number | null
  readonly isHistorical: boolean
  readonly isTransient: boolean
  readonly isNull: boolean
  readonly value: SparkplugValue | null
}

/** A Sparkplug B payload as it was sent. */
export interface SparkplugPayload {
  readonly timestamp: bigint | null
  readonly seq: bigint | null
  readonly uuid: string | null
  readonly metrics: readonly SparkplugMetric[]
}

const compressed = 'SPBV1.0_COMPRESSED'

/**
 * Reads the bytes of a Sparkplug B payload (Eclipse Sparkplug 3.0, section 6.4; field numbers of sparkplug_b.proto). What
 * no meter can read (metadata, properties, data sets, templates) is passed over. Never throws.
 */
export function readSparkplugPayload(bytes: Buffer): Result<SparkplugPayload, MappingFault> {
  try {
    const payload = readPayload(new ProtobufReader(bytes))
    if (payload.uuid !== compressed) return ok(payload)
    return unmapped(
      'sparkplug_malformed',
      'the payload is compressed, which this agent does not read: switch it off at the edge node',
    )
  } catch (error) {
    if (!(error instanceof ProtobufProblem)) throw error
    return unmapped('sparkplug_malformed', `the payload is no Sparkplug B message: ${error.message}`)
  }
}

function readPayload(reader: ProtobufReader): SparkplugPayload {
  let timestamp: bigint | null = null
  let seq: bigint | null = null
  let uuid: string | null = null
  const metrics: SparkplugMetric[] = []
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) timestamp = reader.unsigned()
    else if (field === 2) metrics.push(readMetric(new ProtobufReader(reader.bytes())))
    else if (field === 3) seq = reader.unsigned()
    else if (field === 4) uuid = reader.text()
    else reader.skip()
  }
  return { timestamp, seq, uuid, metrics }
}

function readMetric(reader: ProtobufReader): SparkplugMetric {
  const flags = { isHistorical: false, isTransient: false, isNull: false }
  let name: string | null = null
  let alias: bigint | null = null
  let timestamp: bigint | null = null
  let datatype: number | null = null
  let value: SparkplugValue | null = null
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) name = reader.text()
    else if (field === 2) alias = reader.unsigned()
    else if (field === 3) timestamp = reader.unsigned()
    else if (field === 4) datatype = Number(reader.unsigned())
    else if (field === 5) flags.isHistorical = reader.boolean()
    else if (field === 6) flags.isTransient = reader.boolean()
    else if (field === 7) flags.isNull = reader.boolean()
    else if (field >= 10 && field <= 19) value = readValue(field, reader)
    else reader.skip()
  }
  return { name, alias, timestamp, datatype, ...flags, value }
}

function readValue(field: number, reader: ProtobufReader): SparkplugValue {
  switch (field) {
    case 10:
      return { kind: 'int', bits: reader.unsigned() }
    case 11:
      return { kind: 'long', bits: reader.unsigned() }
    case 12:
      return { kind: 'plain', value: shortestOfFloat(reader.float()) }
    case 13:
      return { kind: 'plain', value: reader.double() }
    case 14:
      return { kind: 'plain', value: reader.boolean() }
    case 15:
      return { kind: 'plain', value: reader.text() }
    case 16:
      return { kind: 'plain', value: reader.bytes() }
    default:
      reader.skip()
      return { kind: 'other' }
  }
}

/** What was meant by a 32-bit float: the shortest decimal that is the same float (0.1, and not 0.10000000149011612). */
function shortestOfFloat(value: number): number {
  if (!Number.isFinite(value)) return value
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits))
    if (Math.fround(shorter) === value) return shorter
  }
  return Number(value.toPrecision(9))
}
