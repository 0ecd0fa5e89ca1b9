import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { buildRandomRuns } from '@meterline/shared/sqlite/key-index/bulk-build.ts'
import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { LatencyHistogram } from './latency-histogram.ts'

/** What the index came to. */
export interface KeyIndexReport {
  readonly stagedPerSecond: number
  readonly foundPerSecond: number
  readonly commitP99Ms: number
}

const keyBytes = 16
const keysPerCommit = 1_000
const workPerKey = 8
const memtableKeys = 262_144

const { values } = parseArgs({
  options: { folder: { type: 'string' }, keys: { type: 'string' }, batches: { type: 'string' } },
})
const db = openDatabase({ file: join(values.folder ?? '', 'keys.db') })
migrate(db, KeyIndex.migrations)
const present: Uint8Array[] = []
buildRandomRuns(db, {
  keys: Number(values.keys),
  memtableKeys,
  seed: 1,
  arrivedMs: Date.now(),
  onSample: (key) => present.push(key.slice()),
})
const index = new KeyIndex(db, { memtableKeys })
const batches = Number(values.batches)
const keys = systemRandom().bytes(keyBytes * keysPerCommit * batches)
const commits = new LatencyHistogram()
const startedMs = performance.now()
for (let batch = 0; batch < batches; batch++) commitKeys(batch)
const stagedMs = performance.now()
for (const key of present) if (index.lookup(key, 0) === null) throw new Error('a key that is there was not found')
const foundMs = performance.now()
const report: KeyIndexReport = {
  stagedPerSecond: (keysPerCommit * batches) / ((stagedMs - startedMs) / 1000),
  foundPerSecond: present.length / ((foundMs - stagedMs) / 1000),
  commitP99Ms: commits.quantileMicros(0.99) / 1000,
}
db.close()
process.stdout.write(`${JSON.stringify(report)}\n`)

function commitKeys(batch: number): void {
  const fromMs = performance.now()
  const work = db.transaction(() => {
    for (let place = 0; place < keysPerCommit; place++) {
      const offset = (batch * keysPerCommit + place) * keyBytes
      if (index.lookup(keys, offset) === null) index.stage(keys, offset, place, 0, 0, batch)
    }
    index.writeStaged(batch)
    index.maintain(keysPerCommit * workPerKey)
  })
  work.immediate()
  index.committed()
  commits.record((performance.now() - fromMs) * 1000)
}
