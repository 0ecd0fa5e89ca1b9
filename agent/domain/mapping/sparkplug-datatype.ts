import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { shown } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import type { SparkplugValue } from './sparkplug-payload.ts'

/** The data types of Sparkplug 3.0, section 6.4.16, by their numbers from 1. */
const names = [
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Float',
  'Double',
  'Boolean',
  'String',
  'DateTime',
  'Text',
  'UUID',
  'DataSet',
  'Bytes',
  'File',
  'Template',
] as const

/** How many bits a signed integer type has. */
const signedBits: Readonly<Record<string, number>> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 }
// Below this, all integer types agree on what the bits mean, whichever of them it is.
const sameForAll = 128n

/** The name of a data type; null where none is known. */
export function dataTypeName(datatype: number | null): string | null {
  return datatype === null ? null : (names[datatype - 1] ?? `type ${datatype}`)
}

/**
 * The value of a metric by its data type. Negative integers travel as two's complement in unsigned fields, and some
 * encoders fill only the width of the type; an integer of an unknown type is refused where that would matter.
 */
export function typedValue(
  name: string,
  value: SparkplugValue,
  datatype: number | null,
): Result<unknown, MappingFault> {
  if (value.kind === 'plain') return ok(value.value)
  if (value.kind === 'other') return ok(null)
  const { bits } = value
  const fieldBits = value.kind === 'int' ? 32 : 64
  if (datatype === null || datatype === 0) {
    if (bits < sameForAll) return ok(Number(bits))
    return unmapped(
      'sparkplug_birth_missing',
      `the metric ${shown(name)} comes without a data type, and no birth has told it: ${bits} may stand for a negative number`,
    )
  }
  const type = dataTypeName(datatype) ?? ''
  const width = signedBits[type]
  if (width === undefined) {
    return bits < 1n << BigInt(fieldBits) ? ok(plain(bits)) : outOfRange(name, bits, `${fieldBits} bits`)
  }
  // Whichever of the widths the encoder has filled with the sign.
  const filled = [width, fieldBits, 64].find((each) => bits < 1n << BigInt(each)) ?? 64
  const signed = BigInt.asIntN(filled, bits)
  return signed === BigInt.asIntN(width, signed) ? ok(plain(signed)) : outOfRange(name, bits, type)
}

function plain(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

function outOfRange(name: string, bits: bigint, type: string): Result<never, MappingFault> {
  return unmapped('sparkplug_malformed', `the metric ${shown(name)} has the value ${bits}, which is outside of ${type}`)
}
