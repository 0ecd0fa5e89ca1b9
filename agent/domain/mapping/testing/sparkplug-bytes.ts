/** A metric as a test writes it; integers that are negative travel as two's complement. */
export interface TestMetric {
  readonly name?: string
  readonly alias?: number
  readonly timestamp?: number
  readonly datatype?: number
  readonly isHistorical?: boolean
  readonly isNull?: boolean
  readonly int?: number | bigint
  readonly long?: bigint
  readonly float?: number
  readonly double?: number
  readonly boolean?: boolean
  readonly text?: string
  readonly bytes?: Uint8Array
  readonly dataset?: Uint8Array
}

/** Encodes a Sparkplug B payload by hand, field by field, as sparkplug_b.proto numbers them. */
export function sparkplugBytes(payload: {
  readonly timestamp?: number
  readonly seq?: number
  readonly uuid?: string
  readonly metrics?: readonly TestMetric[]
}): Buffer {
  const { timestamp, seq, uuid, metrics = [] } = payload
  return Buffer.concat([
    ...integer(1, timestamp),
    ...metrics.map((metric) => block(2, metricBytes(metric))),
    ...integer(3, seq),
    ...(uuid === undefined ? [] : [block(4, Buffer.from(uuid))]),
  ])
}

function metricBytes(metric: TestMetric): Buffer {
  const { name, text, bytes, dataset, float, double } = metric
  return Buffer.concat([
    ...(name === undefined ? [] : [block(1, Buffer.from(name))]),
    ...integer(2, metric.alias),
    ...integer(3, metric.timestamp),
    ...integer(4, metric.datatype),
    ...integer(5, flag(metric.isHistorical)),
    ...integer(7, flag(metric.isNull)),
    ...integer(10, metric.int),
    ...integer(11, metric.long),
    ...(float === undefined ? [] : [tag(12, 5), fixed(4, (buffer) => buffer.writeFloatLE(float))]),
    ...(double === undefined ? [] : [tag(13, 1), fixed(8, (buffer) => buffer.writeDoubleLE(double))]),
    ...integer(14, flag(metric.boolean)),
    ...(text === undefined ? [] : [block(15, Buffer.from(text))]),
    ...(bytes === undefined ? [] : [block(16, bytes)]),
    ...(dataset === undefined ? [] : [block(17, dataset)]),
  ])
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function integer(field: number, value: number | bigint | undefined): readonly Buffer[] {
  return value === undefined ? [] : [tag(field, 0), varint(BigInt(value))]
}

function block(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([tag(field, 2), varint(BigInt(bytes.length)), bytes])
}

function fixed(length: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(length)
  write(buffer)
  return buffer
}

function tag(field: number, wireType: number): Buffer {
  return varint(BigInt((field << 3) | wireType))
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}
