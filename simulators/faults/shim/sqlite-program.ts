import { writeSync } from 'node:fs'
import { emptyLog, openDatabase } from '@meterline/shared/sqlite/open.ts'

// Started by faulty-disk.e2e.test.ts on a faulty disk: `<file> <step>`. It says what it sees, and its end is a crash.
const [file = '', step = ''] = process.argv.slice(2)
const say = (word: unknown): number => writeSync(1, `${String(word)} `)

const db = openDatabase({ file })
switch (step) {
  case 'commit-once':
    commit()
    break
  case 'commit-for-ever':
    for (;;) say(commit())
  case 'begin-with-one':
    emptyLog(db)
    db.exec('CREATE TABLE state (n INTEGER, filler BLOB) STRICT; INSERT INTO state VALUES (0, NULL)')
    update(1, 20_000)
    break
  case 'fail-with-two':
    try {
      update(2, 40_000)
    } catch (error) {
      say(error instanceof Error && 'code' in error ? error.code : error)
    }
    break
  case 'reopen':
    say(emptyLog(db))
    say(db.prepare('SELECT n FROM state').pluck().get())
    break
  default:
    say(`there is no step ${step}`)
}
process.kill(process.pid, 'SIGKILL')

/** Adds a row of about a page and gives its number. */
function commit(): unknown {
  db.exec('CREATE TABLE IF NOT EXISTS row (n INTEGER PRIMARY KEY, filler BLOB) STRICT')
  return db.prepare('INSERT INTO row (filler) VALUES (randomblob(3000)) RETURNING n').pluck().get()
}

function update(n: number, fillerBytes: number): void {
  db.prepare('UPDATE state SET n = ?, filler = zeroblob(?)').run(n, fillerBytes)
}
