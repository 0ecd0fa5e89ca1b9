import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { Findings } from './findings.ts'
import { coveredTables } from './flip-places.ts'
import type { CoveredTable } from './flip-places.ts'

/** Chance from a seed: a whole number from 0 and below the limit. */
interface Chance {
  below(limit: number): number
}

type Value = bigint | string | Uint8Array | null
type Row = Readonly<Record<string, Value>>

/** A copy of a tenant's file to flip bits in, and whoever is to find them. */
export interface FlipTrial {
  /** A copy that belongs to this check, with nothing left in a write-ahead log. */
  readonly file: string
  /** What the examination of a file reports; it may also throw, which says as much. */
  readonly examine: (file: string) => readonly string[]
  readonly random: Chance
  /** How many values, and how many bytes of the file as it lies on the disk. */
  readonly values: number
  readonly bytes: number
}

/**
 * I14: flips single bits in a copy of the books and has it examined after each. A flip in a covered value has to be reported
 * with its place. A flip anywhere in the file has to be reported when it changed what some covered value reads as; in a
 * free page, an index or an uncovered column it may well change nothing that anybody could report.
 */
export function checkFlips(findings: Findings, trial: FlipTrial): void {
  const before = examined(trial)
  if (before.length > 0) return findings.add('I14', `a copy of the books is not sound to begin with: ${before[0]}`)
  for (let count = 0; count < trial.values; count++) flipValue(findings, trial)
  if (trial.bytes === 0) return
  const sound = digests(trial.file)
  for (let count = 0; count < trial.bytes; count++) flipByte(findings, trial, sound)
}

/** Flips one bit of one value, asks, and puts it back. */
function flipValue(findings: Findings, trial: FlipTrial): void {
  const db = openDatabase({ file: trial.file })
  try {
    db.defaultSafeIntegers(true)
    // Damage asks nobody: neither triggers nor constraints stand in its way.
    db.pragma('ignore_check_constraints = ON')
    db.pragma('foreign_keys = OFF')
    for (const name of namesOf(db, 'trigger')) db.exec(`DROP TRIGGER ${name}`)
    const place = drawPlace(db, trial.random)
    if (place === null) return
    const { covered, column, row } = place
    const value = row[column] ?? null
    const flipped = flippedValue(value, trial.random)
    const isSelf = (name: string): string => `${name} IS ?`
    const columns = Object.keys(row)
    const update = (from: Value, to: Value): void => {
      const key = columns.map((name) => (name === column ? from : (row[name] ?? null)))
      db.prepare(`UPDATE ${covered.table} SET ${column} = ? WHERE ${columns.map(isSelf).join(' AND ')}`).run(to, ...key)
    }
    try {
      update(value, flipped)
    } catch {
      // The file itself refuses two rows with the same key: such a flip cannot be made through SQL.
      return
    }
    const problems = examined(trial)
    update(flipped, value)
    const name = `${covered.table}.${column} of ${covered.namedBy.map((key) => `${key} ${String(row[key])}`).join(', ')}`
    const isNamed = problems.some((problem) => names(problem, covered, row, { ...row, [column]: flipped }))
    findings.demand(problems.length > 0, 'I14', () => `a bit flipped in ${name} is not found`)
    findings.demand(
      problems.length === 0 || isNamed,
      'I14',
      () => `a bit flipped in ${name} is found and not located: ${problems[0] ?? ''}`,
    )
  } finally {
    db.close()
  }
}

/** Flips one bit of one byte of the file, asks, and puts it back. */
function flipByte(findings: Findings, trial: FlipTrial, sound: string): void {
  const at = trial.random.below(statSync(trial.file).size)
  const bit = 1 << trial.random.below(8)
  xorByte(trial.file, at, bit)
  let problems: readonly string[]
  let isChanged: boolean
  try {
    isChanged = digests(trial.file) !== sound
    problems = examined(trial)
  } finally {
    xorByte(trial.file, at, bit)
  }
  findings.demand(
    !isChanged || problems.length > 0,
    'I14',
    () => `bit ${bit} of byte ${at} of the file is flipped, the books read differently, and nothing is found`,
  )
}

function examined({ examine, file }: FlipTrial): readonly string[] {
  try {
    return examine(file)
  } catch (error) {
    return [`the examination throws: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** A covered value that is there, drawn table by table, so that small tables are not left out. */
function drawPlace(
  db: Database,
  random: Chance,
): { readonly covered: CoveredTable; readonly column: string; readonly row: Row } | null {
  const tables = new Set(namesOf(db, 'table'))
  const filled = coveredTables.filter(({ table }) => tables.has(table) && rowsOf(db, table) > 0)
  const covered = filled[random.below(Math.max(1, filled.length))]
  if (covered === undefined) return null
  const { table } = covered
  // The column names are those of the table, and its values are what SQLite holds.
  const row = db.prepare(`SELECT * FROM ${table} LIMIT 1 OFFSET ?`).get(random.below(rowsOf(db, table))) as Row
  const columns = covered.columns.filter((name) => row[name] !== null && row[name] !== '')
  const column = columns[random.below(Math.max(1, columns.length))]
  return column === undefined ? null : { covered, column, row }
}

function flippedValue(value: Value, random: Chance): Value {
  if (typeof value === 'bigint') return value ^ (1n << BigInt(random.below(16)))
  if (value === null) return null
  if (typeof value === 'string') {
    const at = random.below(value.length)
    const code = value.charCodeAt(at) ^ (1 << random.below(4))
    return value.slice(0, at) + String.fromCharCode(code) + value.slice(at + 1)
  }
  const bytes = Uint8Array.from(value)
  const at = random.below(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  return bytes
}

/** Whether a problem names the place, by what stood there or by what stands there now. */
function names(problem: string, { namedBy, orSaying }: CoveredTable, ...rows: readonly Row[]): boolean {
  if (orSaying?.test(problem) === true) return true
  return rows.some((row) =>
    namedBy.some((key) => {
      const value = row[key]
      if (typeof value === 'bigint') return new RegExp(`(?<!\\d)${value}(?!\\d)`).test(problem)
      return typeof value === 'string' && value !== '' && problem.includes(value)
    }),
  )
}

/** A digest of everything covered, as it reads; of what cannot be read, that it cannot. */
function digests(file: string): string {
  try {
    const db = openDatabase({ file, readOnly: true })
    try {
      const sum = createHash('sha256')
      const tables = new Set(namesOf(db, 'table'))
      for (const { table, columns, namedBy } of coveredTables) {
        if (!tables.has(table)) continue
        const read = [...new Set([...namedBy, ...columns])].join(', ')
        for (const row of db.prepare<[], Row>(`SELECT ${read} FROM ${table}`).iterate())
          for (const value of Object.values(row)) sum.update(value instanceof Uint8Array ? value : `${String(value)}\n`)
      }
      return sum.digest('base64')
    } finally {
      db.close()
    }
  } catch (error) {
    return `unreadable: ${error instanceof Error ? error.message : String(error)}`
  }
}

function namesOf(db: Database, type: 'table' | 'trigger'): readonly string[] {
  return db.prepare<[string], string>('SELECT name FROM sqlite_master WHERE type = ?').pluck().all(type)
}

function rowsOf(db: Database, table: string): number {
  return Number(db.prepare<[], bigint | number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0)
}

function xorByte(file: string, at: number, bits: number): void {
  const descriptor = openSync(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    readSync(descriptor, byte, 0, 1, at)
    byte[0] = (byte[0] ?? 0) ^ bits
    writeSync(descriptor, byte, 0, 1, at)
  } finally {
    closeSync(descriptor)
  }
}
