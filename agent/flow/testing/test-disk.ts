import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a test keeps the journal of one agent. A crash leaves what was on the disk at that moment and nothing else. */
export class TestDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'meterline-agent-'))
  #life = 0

  get folder(): string {
    return this.#folder
  }

  get journalFile(): string {
    return join(this.#folder, `journal-${this.#life}.db`)
  }

  /** Goes on with a copy of the files as they are now; whoever still has the former ones open writes into the void. */
  crash(): void {
    const before = this.journalFile
    this.#life += 1
    for (const suffix of ['', '-wal']) {
      if (existsSync(before + suffix)) copyFileSync(before + suffix, this.journalFile + suffix)
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The disks of a test that needs several, to be removed together. */
export class TestDisks {
  readonly #disks: TestDisk[] = []

  add(): TestDisk {
    const disk = new TestDisk()
    this.#disks.push(disk)
    return disk
  }

  remove(): void {
    for (const disk of this.#disks.splice(0)) disk.remove()
  }
}
