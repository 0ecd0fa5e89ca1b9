import { statSync } from 'node:fs'
import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import type { SubmitJson } from '../control/submit-command.ts'
import { readFocusRows, type FocusRow } from './import-focus-rows.ts'
import {
  progressFile,
  readProgress,
  writeProgress,
  type ImportIdentity,
  type ImportProgress,
} from './import-progress.ts'

/** What an import works with. */
export interface FocusImport {
  readonly identity: ImportIdentity
  readonly dataDirectory: string
  readonly clock: Clock
  /** Runs `submit` in the running agent. */
  readonly submit: (input: object) => Promise<Result<unknown>>
  /** Told now and then how far it is. */
  readonly say: (line: string) => void
}

/** What became of the rows of a file. */
export interface ImportSummary {
  readonly file: string
  /** Rows of the file. */
  readonly rows: number
  /** Rows that an earlier run had imported already. */
  readonly skippedRows: number
  /** Rows taken in now: new ones, and those that were there already. */
  readonly storedRows: number
  /** Rows that went to suspense, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  /** The first of them, in words. */
  readonly examples: readonly string[]
}

/** So many deliveries travel in one command: about a megabyte, in the memory of both sides for a moment. */
const deliveriesPerCommand = 16
const mostRows = 5_000_000
const mostExamples = 10
const sayEveryMs = 2_000
/** Pauses before the next attempt when the agent cannot store: about a minute altogether. */
const pausesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000] as const

interface Delivery {
  text: string
  events: number
}

/**
 * Imports a FOCUS export through the running agent. After each command, which is answered behind its commit, the progress
 * is written down; run again, the import goes on where it was, and rows that were sent twice are recognised by their ids.
 * Ends with a fault when the file or the agent cannot be used.
 */
export async function importFocus(parts: FocusImport): Promise<Result<ImportSummary>> {
  try {
    const run = new ImportRun(parts)
    return await run.toTheEnd()
  } catch (error) {
    if (error instanceof FaultError) return failed(error.fault)
    throw error
  }
}

class ImportRun {
  readonly #parts: FocusImport
  readonly #progressFile: string
  readonly #fileBytes: number
  readonly #rejected: Record<string, number> = {}
  readonly #examples: string[] = []
  #deliveries: Delivery[] = []
  #firstRow = 1
  #last: FocusRow | null = null
  #storedRows = 0
  #rejectedRows = 0
  #saidAtMs: number

  constructor(parts: FocusImport) {
    const { identity, dataDirectory, clock } = parts
    this.#parts = parts
    this.#progressFile = progressFile(dataDirectory, identity)
    this.#fileBytes = sizeOf(identity.file)
    this.#saidAtMs = clock.monotonicMs()
  }

  async toTheEnd(): Promise<Result<ImportSummary>> {
    const { file } = this.#parts.identity
    const before = await this.#usableProgress()
    const skippedRows = before?.rows ?? 0
    if (before !== null) this.#parts.say(`going on behind row ${skippedRows} of ${file}`)
    this.#firstRow = skippedRows + 1
    let rows = 0
    for await (const row of this.#rows()) {
      rows = row.number
      if (row.number <= skippedRows) continue
      const isFull = this.#add(row)
      if (!isFull) continue
      const sent = await this.#send(before)
      if (!sent.ok) return sent
    }
    if (this.#deliveries.length > 0) {
      const sent = await this.#send(before)
      if (!sent.ok) return sent
    }
    const [rejected, examples] = [this.#rejected, this.#examples]
    return ok({ file, rows, skippedRows, storedRows: this.#storedRows, rejected, examples })
  }

  #rows(): AsyncGenerator<FocusRow> {
    const { file, subjectColumn } = this.#parts.identity
    return readFocusRows(file, { subjectColumn, mostRows })
  }

  /** The progress of an earlier run, when the file still begins with exactly the rows that it imported. */
  async #usableProgress(): Promise<ImportProgress | null> {
    const progress = readProgress(this.#progressFile)
    if (progress === null || progress.rows === 0) return null
    for await (const row of this.#rows()) {
      if (row.number === progress.rows) return row.chain === progress.chain ? progress : null
    }
    return null
  }

  /** True when what was gathered is to be sent. */
  #add(row: FocusRow): boolean {
    const last = this.#deliveries.at(-1)
    const joined = last === undefined ? null : `${last.text.slice(0, -1)},${row.json}]`
    const fits =
      last !== undefined &&
      joined !== null &&
      last.events < usageEventLimits.eventsPerPayload &&
      Buffer.byteLength(joined) <= usageEventLimits.payloadBytes
    if (fits) {
      last.text = joined
      last.events += 1
    } else this.#deliveries.push({ text: `[${row.json}]`, events: 1 })
    this.#last = row
    return this.#deliveries.length >= deliveriesPerCommand
  }

  /** Sends what was gathered; tries again for a while as long as the agent cannot store it. */
  async #send(before: ImportProgress | null): Promise<Result<null>> {
    const { identity, submit } = this.#parts
    for (const pauseMs of [...pausesMs, null]) {
      const answer = await submit({ source: identity.source, rule: identity.rule, deliveries: this.#deliveries })
      if (!answer.ok) return answer
      const { outcome, stored, rejected, rejectedEvents } = answer.value as SubmitJson
      if (outcome === 'stored') {
        this.#storedRows += stored
        this.#rejectedRows += rejectedEvents
        this.#noteRejected(rejected)
        this.#noteProgress(before)
        return ok(null)
      }
      if (pauseMs === null) break
      this.#parts.say(`the agent cannot store rows at the moment; trying again in ${pauseMs} ms`)
      await this.#pause(pauseMs)
    }
    const message =
      'The agent could not store rows for a minute: look at its status. Run the import again, and it goes on where it was.'
    return failed(fault('intake_unavailable', message))
  }

  #noteRejected(rejected: SubmitJson['rejected']): void {
    for (const { index, code, message } of rejected) {
      this.#rejected[code] = (this.#rejected[code] ?? 0) + 1
      if (this.#examples.length < mostExamples)
        this.#examples.push(`row ${this.#firstRow + index}: ${message} (${code})`)
    }
  }

  #noteProgress(before: ImportProgress | null): void {
    const last = this.#last
    if (last === null) return
    const { clock, identity, say } = this.#parts
    const stored = (before?.stored ?? 0) + this.#storedRows
    const rejected = (before?.rejected ?? 0) + this.#rejectedRows
    writeProgress(this.#progressFile, { file: identity.file, rows: last.number, chain: last.chain, stored, rejected })
    this.#deliveries = []
    this.#firstRow = last.number + 1
    if (clock.monotonicMs() - this.#saidAtMs < sayEveryMs) return
    this.#saidAtMs = clock.monotonicMs()
    const percent = this.#fileBytes === 0 ? 100 : Math.floor((100 * last.readBytes) / this.#fileBytes)
    say(`${last.number} rows, about ${Math.min(percent, 100)} % of the file`)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.clock.after(ms, resolve))
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const problem: Fault = fault('import_file_unreadable', `${file} cannot be read: ${reason}`)
    throw new FaultError(problem, { cause: error })
  }
}
