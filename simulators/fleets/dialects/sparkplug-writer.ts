import type { FleetEvent } from '../fleet-event.ts'

/** Field numbers of sparkplug_b.proto (Eclipse Sparkplug 3.0, section 6.4). */
const payloadField = { timestamp: 1, metrics: 2, seq: 3 } as const
const metricField = { name: 1, alias: 2, timestamp: 3, datatype: 4, isNull: 7, longValue: 11 } as const
const UINT64 = 8n
const WIRE_VARINT = 0
const WIRE_BYTES = 2

/** A DBIRTH: the metrics a device has, by name and alias, as yet without values. */
export function sparkplugBirth(meters: readonly string[], timeMs: number): Buffer {
  const metrics = meters.map((name, index) =>
    message(payloadField.metrics, [
      text(metricField.name, name),
      varint(metricField.alias, BigInt(index + 1)),
      varint(metricField.timestamp, BigInt(timeMs)),
      varint(metricField.datatype, UINT64),
      varint(metricField.isNull, 1n),
    ]),
  )
  return Buffer.concat([varint(payloadField.timestamp, BigInt(timeMs)), ...metrics, varint(payloadField.seq, 0n)])
}

/** A DDATA: values by the aliases of the birth, as devices that save bytes send them. */
export function sparkplugData(event: FleetEvent): Buffer {
  const metrics = [...event.quantities.values()].map((value, index) =>
    message(payloadField.metrics, [
      varint(metricField.alias, BigInt(index + 1)),
      varint(metricField.timestamp, BigInt(event.timeMs)),
      varint(metricField.longValue, value),
    ]),
  )
  return Buffer.concat([
    varint(payloadField.timestamp, BigInt(event.timeMs)),
    ...metrics,
    varint(payloadField.seq, BigInt(event.sequence % 256)),
  ])
}

function message(field: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([tag(field, WIRE_BYTES), base128(BigInt(body.length)), body])
}

function text(field: number, value: string): Buffer {
  return message(field, [Buffer.from(value, 'utf8')])
}

function varint(field: number, value: bigint): Buffer {
  return Buffer.concat([tag(field, WIRE_VARINT), base128(value)])
}

function tag(field: number, wireType: number): Buffer {
  return base128(BigInt((field << 3) | wireType))
}

/** Seven bits a byte, the lowest first, as Protocol Buffers has it. */
function base128(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest > 0x7fn
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}
