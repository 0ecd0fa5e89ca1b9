import { Decoder } from 'cbor-x'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDeterministic, encodeDeterministic, type Deterministic } from './deterministic-bytes.ts'
import { DeterministicReader } from './deterministic-reader.ts'
import { DeterministicWriter } from './deterministic-writer.ts'

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
)
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 80 }))
const leaf = fc.oneof(integer, text, fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.constant(null))
const { value: deterministic } = fc.letrec<{ value: Deterministic }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, fc.array(tie('value'), { maxLength: 30 })),
}))

/** Bytes close to valid ones: an encoding with a byte replaced, inserted or dropped. */
const nearlyDeterministic = fc
  .tuple(deterministic, fc.nat(), fc.nat(255), fc.constantFrom('replace', 'insert', 'drop'))
  .map(([value, at, byte, change]) => {
    const bytes = Array.from(encodeDeterministic(value))
    bytes.splice(at % bytes.length, change === 'insert' ? 0 : 1, ...(change === 'drop' ? [] : [byte]))
    return Uint8Array.from(bytes)
  })

/** Integers as bigints and byte strings as arrays, so that representations do not matter. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value)
  if (value instanceof Uint8Array) return { bytes: Array.from(value) }
  return Array.isArray(value) ? value.map(plain) : value
}

function writeWith(writer: DeterministicWriter, value: Deterministic): void {
  if (value === null) writer.null()
  else if (typeof value === 'boolean') writer.boolean(value)
  else if (typeof value === 'number') writer.int(value)
  else if (typeof value === 'bigint') writer.bigInt(value)
  else if (typeof value === 'string') writer.text(value)
  else if (value instanceof Uint8Array) writer.bytes(value)
  else {
    writer.arrayHead(value.length)
    for (const item of value) writeWith(writer, item)
  }
}

describe('deterministic bytes', () => {
  it('come back as the value they were made of', () => {
    fc.assert(
      fc.property(deterministic, (value) => {
        const decoded = decodeDeterministic(encodeDeterministic(value), { maxDepth: 64 })
        expect(decoded.ok && plain(decoded.value)).toEqual(plain(value))
      }),
    )
  })

  it('that are accepted encode to the same bytes again', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyDeterministic, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        const decoded = decodeDeterministic(bytes, { maxDepth: 64 })
        const again = decoded.ok ? encodeDeterministic(decoded.value) : bytes
        expect(Buffer.from(again)).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  it('mean the same to an independent decoder', () => {
    const independent = new Decoder({ mapsAsObjects: true, useRecords: false })
    fc.assert(
      fc.property(deterministic, (value) => {
        expect(plain(independent.decode(encodeDeterministic(value)))).toEqual(plain(value))
      }),
    )
  })

  it('are the same from the writer, whatever was in its buffer before', () => {
    const writer = new DeterministicWriter(1)
    fc.assert(
      fc.property(deterministic, fc.nat(40), (value, before) => {
        writer.truncate(0)
        for (let index = 0; index < before; index++) writer.int(-index)
        const start = writer.length
        writeWith(writer, value)
        expect(writer.copy(start)).toEqual(encodeDeterministic(value))
      }),
    )
  })

  it('are passed over by the reader item by item', () => {
    fc.assert(
      fc.property(fc.array(deterministic, { maxLength: 8 }), (values) => {
        const parts = values.map(encodeDeterministic)
        const reader = new DeterministicReader(Buffer.concat(parts))
        for (const part of parts) {
          const start = reader.position
          reader.skip()
          expect(reader.position - start).toBe(part.length)
        }
        reader.finish()
        expect(reader.fault).toBeNull()
      }),
    )
  })

  it('never make the reader throw or read past their end, whatever they are', () => {
    const reads: readonly ((reader: DeterministicReader) => unknown)[] = [
      (reader) => reader.uint(),
      (reader) => reader.int(),
      (reader) => reader.bigUint(2n ** 63n),
      (reader) => reader.bigInt(2n ** 63n),
      (reader) => reader.text(64),
      (reader) => reader.bytes(64),
      (reader) => reader.arrayHead(64),
      (reader) => reader.takeNull(),
      (reader) => reader.boolean(),
      (reader) => reader.skip(),
    ]
    fc.assert(
      fc.property(
        fc.oneof(nearlyDeterministic, fc.uint8Array({ maxLength: 40 })),
        fc.array(fc.nat(reads.length - 1), { maxLength: 40 }),
        (bytes, order) => {
          const reader = new DeterministicReader(bytes)
          for (const which of order) {
            const before = reader.position
            reads[which]?.(reader)
            expect(reader.position).toBeGreaterThanOrEqual(before)
            expect(reader.position).toBeLessThanOrEqual(bytes.length)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})
