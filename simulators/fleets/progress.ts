/** Shows how far a longer step has come: a line that rewrites itself on a terminal, one line every two seconds elsewhere. */
export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #quiet: boolean
  readonly #startedMs = performance.now()
  #shownMs = 0

  constructor(label: string, total: number, quiet = false) {
    this.#label = label
    this.#total = total
    this.#quiet = quiet
  }

  update(done: number): void {
    if (this.#quiet) return
    const nowMs = performance.now()
    const terminal = process.stderr.isTTY === true
    if (nowMs - this.#shownMs < (terminal ? 100 : 2000)) return
    this.#shownMs = nowMs
    process.stderr.write(terminal ? `\r${this.#text(done)}` : `${this.#text(done)}\n`)
  }

  finish(done: number): void {
    if (this.#quiet) return
    process.stderr.write(process.stderr.isTTY === true ? `\r${this.#text(done)}\n` : `${this.#text(done)}\n`)
  }

  #text(done: number): string {
    const seconds = (performance.now() - this.#startedMs) / 1000
    // A total may be an estimate.
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total)
    const bar = '#'.repeat(Math.round(share * 24)).padEnd(24, '.')
    const rate = seconds > 0 ? Math.round(done / seconds) : 0
    return `  ${this.#label} [${bar}] ${done.toLocaleString('en')}/${this.#total.toLocaleString('en')}  ${rate.toLocaleString('en')}/s  ${seconds.toFixed(1)} s`
  }
}
