import type { Database } from '../open.ts'
import { StripeWriter } from './build.ts'
import type { StripeSource } from './build.ts'
import { bytesOf, entryWords } from './entry.ts'
import { bucketBitsFor, mergeFanIn, stripeCount } from './geometry.ts'
import { KeyTables } from './tables.ts'
import type { RunRow } from './tables.ts'

/** What `buildRandomRuns` fills an index with. */
export interface RandomRuns {
  readonly keys: number
  /** The memtable size of the index that will be opened: runs get the sizes its flushes and merges would give. */
  readonly memtableKeys: number
  /** The same seed gives the same keys. */
  readonly seed: number
  /** When all of them are said to have arrived. */
  readonly arrivedMs: number
  /** Called with one 16-byte key (valid during the call) out of about 2,000. */
  readonly onSample?: (key: Uint8Array) => void
}

const stripesPerTransaction = 128

/**
 * Fills the tables of an empty index with runs of evenly spread pseudo-random keys, at millions of keys a second: the
 * keys of a stripe are drawn with the stripe's own prefix, so nothing is sorted. For benchmarks and tests of an index
 * that already holds many keys. Opens its own transactions. An index opened before does not see the runs.
 */
export function buildRandomRuns(db: Database, request: RandomRuns): void {
  const tables = new KeyTables(db)
  const writer = new StripeWriter(tables)
  runShapes(request.keys, request.memtableKeys).forEach(({ keys, level }, index) => {
    const times = { oldestMs: request.arrivedMs, newestMs: request.arrivedMs }
    const row: RunRow = { id: index + 1, level, bucketBits: bucketBitsFor(keys), keys, ...times }
    const source = randomSource(row, request)
    const build = { row: { ...row, throughBlock: null, inputs: [] }, source, filter: null, nextStripe: 0 }
    while (build.nextStripe < stripeCount(row.bucketBits)) {
      db.transaction(() => {
        for (let step = 0; step < stripesPerTransaction && build.nextStripe < stripeCount(row.bucketBits); step++) {
          writer.writeNext(build)
        }
      })()
    }
    tables.insertRun(row)
  })
}

/** The runs an index has after `keys` keys: oldest and largest first, fewer than eight of a level. */
function runShapes(keys: number, memtableKeys: number): { readonly keys: number; readonly level: number }[] {
  const shapes: { keys: number; level: number }[] = []
  let left = keys
  let level = 1
  while (memtableKeys * mergeFanIn ** level <= keys) level++
  for (; level >= 1; level--) {
    const size = memtableKeys * mergeFanIn ** (level - 1)
    for (; left >= size; left -= size) shapes.push({ keys: size, level })
  }
  if (left > 0) shapes.push({ keys: left, level: 1 })
  return shapes
}

function randomSource(row: RunRow, request: RandomRuns): StripeSource {
  const stripes = stripeCount(row.bucketBits)
  const next = wordGenerator(request.seed + row.id * 0x9e37)
  const entry = new Int32Array(entryWords)
  return (stripe, stripeBits, into) => {
    const keys = Math.floor(((stripe + 1) * row.keys) / stripes) - Math.floor((stripe * row.keys) / stripes)
    for (let index = 0; index < keys; index++) {
      for (let word = 0; word < entryWords; word++) entry[word] = next()
      if (stripeBits > 0) entry[0] = (stripe << (32 - stripeBits)) | ((entry[0] ?? 0) >>> stripeBits)
      if (index === 0) request.onSample?.(bytesOf(entry, 0, 4))
      into.push(entry, 0)
    }
  }
}

/** A small, fast generator (sfc32) of 32-bit words: enough to spread keys, and nothing here needs to be unguessable. */
function wordGenerator(seed: number): () => number {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum
  }
  for (let warmUp = 0; warmUp < 15; warmUp++) next()
  return next
}
