import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { readLog, type LogContents } from '@meterline/shared/sqlite/write-ahead-log.ts'

/** SQLite's page size in every journal; the whole of a page is used. */
export const journalPageBytes = 4_096

const noLog: LogContents = { pages: new Map(), pageCount: null, damage: null, lostFrames: 0 }
const signature = 'SQLite format 3\0'

/**
 * The pages of a journal as its last commit left them, read without SQLite: the database file with the write-ahead log
 * beside it laid over it. Nothing is changed, no lock is taken, and a page that cannot be read hides no other.
 */
export class PageFile {
  readonly file: string
  /** What the file itself shows to be wrong; nothing is lost by it alone, but for frames of the log. */
  readonly damage: readonly string[]
  readonly lostFrames: number
  readonly pageCount: number
  readonly #fd: number
  readonly #logFd: number | null
  readonly #log: LogContents
  readonly #filePages: number
  readonly #last = Buffer.alloc(journalPageBytes)
  #lastNumber = 0

  /** Throws the error of the operating system when the file cannot be opened. */
  constructor(file: string) {
    this.file = file
    this.#fd = openSync(file, 'r')
    const logFile = `${file}-wal`
    this.#logFd = existsSync(logFile) ? openSync(logFile, 'r') : null
    this.#log = this.#logFd === null ? noLog : readLog(this.#logFd, fstatSync(this.#logFd).size, journalPageBytes)
    this.#filePages = Math.floor(fstatSync(this.#fd).size / journalPageBytes)
    // A journal never shrinks, so no page lies behind its end, whatever its header says.
    this.pageCount = Math.max(this.#log.pageCount ?? 0, this.#filePages)
    this.lostFrames = this.#log.lostFrames
    this.damage = [
      ...(this.#log.damage === null ? [] : [`its write-ahead log: ${this.#log.damage}`]),
      ...this.#inHeader(),
    ]
  }

  /** A page, numbered from 1; valid until the next one is read. Null beyond the end of the file. */
  page(number: number): Buffer | null {
    if (number === this.#lastNumber) return this.#last
    if (number < 1 || number > this.pageCount) return null
    const logged = this.#log.pages.get(number)
    if (typeof logged === 'object') return logged
    const [fd, at] = logged === undefined ? [this.#fd, (number - 1) * journalPageBytes] : [this.#logFd, logged]
    this.#lastNumber = 0
    if (fd === null || readSync(fd, this.#last, 0, journalPageBytes, at) !== journalPageBytes) return null
    this.#lastNumber = number
    return this.#last
  }

  /** The pages that hold nothing: what was deleted may still be seen in them. */
  freePages(): Set<number> {
    const free = new Set<number>()
    let trunk = this.page(1)?.readUInt32BE(32) ?? 0
    while (trunk !== 0 && !free.has(trunk)) {
      const page = this.page(trunk)
      if (page === null) break
      free.add(trunk)
      const leaves = Math.min(page.readUInt32BE(4), journalPageBytes / 4 - 2)
      for (let leaf = 0; leaf < leaves; leaf++) free.add(page.readUInt32BE(8 + 4 * leaf))
      trunk = page.readUInt32BE(0)
    }
    return free
  }

  close(): void {
    closeSync(this.#fd)
    if (this.#logFd !== null) closeSync(this.#logFd)
  }

  #inHeader(): readonly string[] {
    const header = this.page(1)
    if (header === null) return ['it is empty']
    const wrong: string[] = []
    if (header.toString('latin1', 0, signature.length) !== signature)
      wrong.push('its first bytes are not those of SQLite')
    if (header.readUInt16BE(16) !== journalPageBytes || header[20] !== 0)
      wrong.push('its page size is not that of a journal')
    const saidPages = header.readUInt32BE(28)
    if (saidPages !== this.pageCount) wrong.push(`it says it has ${saidPages} pages and has ${this.pageCount}`)
    return wrong
  }
}
