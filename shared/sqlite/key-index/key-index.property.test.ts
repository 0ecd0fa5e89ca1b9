import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import type { Random } from '../../base/random.ts'
import { migrate } from '../migrate.ts'
import { openDatabase } from '../open.ts'
import type { Database } from '../open.ts'
import { temporaryDisk } from '../simulated-disk.ts'
import { keyBytes } from './entry.ts'
import type { KeyEntryView } from './entry.ts'
import { KeyIndex } from './key-index.ts'
import type { KeyIndexOptions } from './key-index.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-key-index-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

interface Known {
  readonly entry: KeyEntryView
  readonly arrivedMs: number
}

/** How the keys of a test are spread: as digests are, or all with the same beginning. */
type Spread = 'digests' | 'one bucket'

/** An index beside a Map of what it must hold, with the transactions of a real caller round it. */
class IndexUnderTest {
  readonly known = new Map<string, Known>()
  readonly #random: Random
  readonly #options: KeyIndexOptions
  readonly #file: string
  readonly #spread: Spread
  #db: Database
  index: KeyIndex
  #nowMs = 1_000
  /** The keys of `known` at the beginning of a transaction, to draw repeated ones from. */
  #names: readonly string[] = []

  constructor(seed: string, options: KeyIndexOptions, spread: Spread) {
    this.#random = seededRandom(seed)
    this.#options = options
    this.#spread = spread
    this.#file = join(mkdtempSync(join(directory, 'index-')), 'keys.db')
    this.#db = openDatabase({ file: this.#file, disk: temporaryDisk })
    migrate(this.#db, KeyIndex.migrations)
    this.index = new KeyIndex(this.#db, options)
  }

  /** One transaction of `count` keys, every tenth a repeated one, with `work` of maintenance in it. */
  group(count: number, work: number, end: 'commit' | 'rollback' | 'crash'): void {
    const staged = new Map<string, Known>()
    this.#nowMs += 10
    this.#names = [...this.known.keys()]
    this.#db.exec('BEGIN IMMEDIATE')
    for (let place = 0; place < count; place++) {
      const repeats = this.known.size > 0 && place % 10 === 9
      const key = repeats ? this.#someKnownKey() : this.#freshKey()
      const name = Buffer.from(key).toString('hex')
      const expected = staged.get(name) ?? this.known.get(name)
      this.#expectSame(key, expected)
      if (expected === undefined) {
        const entry = this.#entry()
        this.index.stage(key, 0, entry.check0, entry.check1, entry.positionHigh, entry.positionLow)
        staged.set(name, { entry, arrivedMs: this.#nowMs })
      }
    }
    this.index.writeStaged(this.#nowMs)
    this.index.maintain(work)
    for (const [name, entry] of [...staged].slice(0, 20)) this.#expectSame(Buffer.from(name, 'hex'), entry)
    if (end === 'commit') {
      this.#db.exec('COMMIT')
      this.index.committed()
      for (const [name, entry] of staged) this.known.set(name, entry)
    } else if (end === 'rollback') {
      this.#db.exec('ROLLBACK')
      this.index.rolledBack()
      for (const name of [...staged.keys()].slice(0, 20)) this.#expectSame(Buffer.from(name, 'hex'), undefined)
    } else {
      this.reopen()
      for (const name of [...staged.keys()].slice(0, 20)) this.#expectSame(Buffer.from(name, 'hex'), undefined)
    }
  }

  /** Forgets what arrived before the newest `keptMs`, and learns from the index which keys went. */
  prune(keptMs: number, end: 'commit' | 'rollback'): void {
    const arrivedBeforeMs = this.#nowMs - keptMs
    this.#db.exec('BEGIN IMMEDIATE')
    const pruned = this.index.prune(arrivedBeforeMs)
    if (end === 'rollback') {
      this.#db.exec('ROLLBACK')
      this.index.rolledBack()
      return
    }
    this.#db.exec('COMMIT')
    this.index.committed()
    const gone = [...this.known].filter(([name]) => this.index.lookup(Buffer.from(name, 'hex'), 0) === null)
    equal(gone.length, pruned)
    for (const [name, entry] of gone) {
      ok(entry.arrivedMs < arrivedBeforeMs, 'only old keys are pruned')
      this.known.delete(name)
    }
  }

  /** A process that ends without a word, and its successor on the same file. */
  reopen(): void {
    this.#db.close()
    this.#db = openDatabase({ file: this.#file, disk: temporaryDisk })
    this.index = new KeyIndex(this.#db, this.#options)
  }

  /** Lets maintenance run until nothing is left to do, and returns the numbers of rows left. */
  settle(): {
    readonly blocks: number
    readonly drops: number
    readonly builds: number
    readonly strayBuckets: number
  } {
    this.#db.transaction(() => this.index.maintain(100_000_000)).immediate()
    this.index.committed()
    const count = (sql: string): number => Number(this.#db.prepare<[], number>(sql).pluck().get())
    return {
      blocks: count('SELECT count(*) FROM key_block'),
      drops: count('SELECT count(*) FROM key_drop'),
      builds: count('SELECT count(*) FROM key_build'),
      strayBuckets: count('SELECT count(*) FROM key_bucket WHERE id >> 24 NOT IN (SELECT id FROM key_run)'),
    }
  }

  /** Whether a merge has begun and is not finished. */
  isMerging(): boolean {
    return this.#db.prepare('SELECT 1 FROM key_build WHERE through_block IS NULL').get() !== undefined
  }

  expectAllKnown(): void {
    for (const [name, entry] of this.known) this.#expectSame(Buffer.from(name, 'hex'), entry)
    for (let probe = 0; probe < 300; probe++) this.#expectSame(this.#freshKey(), undefined)
    const { memtableKeys, runKeys } = this.index.status
    equal(memtableKeys + runKeys, this.known.size)
  }

  close(): void {
    this.#db.close()
  }

  #expectSame(key: Uint8Array, expected: Known | undefined): void {
    const found = this.index.lookup(key, 0)
    deepEqual(found, expected?.entry ?? null)
  }

  #freshKey(): Uint8Array {
    const key = Uint8Array.from(this.#random.bytes(keyBytes))
    if (this.#spread === 'one bucket') key.fill(0x5a, 0, 4)
    return key
  }

  #someKnownKey(): Uint8Array {
    return Buffer.from(this.#names[this.#random.below(this.#names.length)] ?? '', 'hex')
  }

  #entry(): KeyEntryView {
    const words = new Uint32Array(Uint8Array.from(this.#random.bytes(16)).buffer)
    return { check0: words[0] ?? 0, check1: words[1] ?? 0, positionHigh: words[2] ?? 0, positionLow: words[3] ?? 0 }
  }
}

const groupSize = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 300, max: 900 }) },
)
const work = fc.constantFrom(0, 50, 1_000, 8_000)
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('group' as const),
      count: groupSize,
      work,
      end: fc.constantFrom(
        'commit' as const,
        'commit' as const,
        'commit' as const,
        'rollback' as const,
        'crash' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('prune' as const),
      keptMs: fc.integer({ min: 0, max: 600 }),
      end: fc.constantFrom('commit' as const, 'rollback' as const),
    }),
  },
)
const options = fc.record({
  memtableKeys: fc.constantFrom(1, 64, 512, 2048),
  filterBytesMax: fc.constantFrom(0, 3_000, 64 * 1024 * 1024),
  mergeSpanMs: fc.constantFrom(0, 100, 10_000_000),
})

test.each<Spread>(['digests', 'one bucket'])(
  'the index holds what a Map holds through commits, rollbacks, crashes, merges and pruning (%s)',
  (spread) => {
    fc.assert(
      fc.property(fc.string(), options, fc.array(step, { maxLength: 40 }), (seed, limits, steps) => {
        const subject = new IndexUnderTest(seed, limits, spread)
        try {
          for (const taken of steps) {
            if (taken.kind === 'group') subject.group(taken.count, taken.work, taken.end)
            else if (taken.kind === 'prune') subject.prune(taken.keptMs, taken.end)
            else subject.reopen()
          }
          subject.expectAllKnown()
          subject.reopen()
          subject.expectAllKnown()
          expect(subject.settle()).toMatchObject({ drops: 0, builds: 0, strayBuckets: 0 })
          subject.expectAllKnown()
        } finally {
          subject.close()
        }
      }),
      { numRuns: 30 },
    )
  },
  60_000,
)

test('many keys in small groups pass through three levels, crashing in the middle of merges', () => {
  const subject = new IndexUnderTest('levels', { memtableKeys: 1_024 }, 'digests')
  for (let group = 0; group < 90; group++) {
    // A quarter of the groups end in a crash or a rollback, most with a merge under way.
    const end = group % 8 === 5 ? 'crash' : group % 8 === 2 ? 'rollback' : 'commit'
    subject.group(1_000, 3_000, end)
  }
  subject.expectAllKnown()
  expect(subject.settle()).toMatchObject({ drops: 0, builds: 0, strayBuckets: 0 })
  expect(subject.index.status.runs).toBeLessThan(16)
  subject.expectAllKnown()
  subject.close()
}, 60_000)

test('a run that is still being deleted lends its number to no other', () => {
  const subject = new IndexUnderTest('numbers', { memtableKeys: 8_192 }, 'digests')
  for (let group = 0; group < 11; group++) subject.group(1_000, 4_000, 'commit')
  expect(subject.index.status.runs).toBe(1)
  subject.prune(0, 'commit')
  expect(subject.index.status.runs).toBe(0)
  subject.reopen()
  for (let group = 0; group < 20; group++) subject.group(1_000, group < 12 ? 0 : 3_000, 'commit')
  subject.expectAllKnown()
  expect(subject.settle()).toMatchObject({ drops: 0, builds: 0, strayBuckets: 0 })
  subject.expectAllKnown()
  subject.close()
})

test('a run that is being merged is not pruned', () => {
  const subject = new IndexUnderTest('merging', { memtableKeys: 2_048 }, 'digests')
  let merging = 0
  for (let group = 0; merging < 3; group++) {
    subject.group(1_000, 2_000, 'commit')
    if (!subject.isMerging()) continue
    merging++
    subject.prune(0, 'commit')
    subject.reopen()
    subject.expectAllKnown()
  }
  expect(subject.settle()).toMatchObject({ drops: 0, builds: 0, strayBuckets: 0 })
  subject.expectAllKnown()
  subject.close()
})
