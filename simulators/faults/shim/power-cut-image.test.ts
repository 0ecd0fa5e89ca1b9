import { expect, test } from 'vitest'
import { imageAfterPowerCut, type Fate, type UnsyncedChange } from './power-cut-image.ts'
import type { LogRecord } from './undo-log.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Plays changes on a file and puts them on record, as the library does. */
class RecordedFile {
  contents: Buffer
  readonly changes: UnsyncedChange[] = []

  constructor(contents: string) {
    this.contents = Buffer.from(contents)
  }

  write(offset: number, text: string): this {
    const sizeBefore = this.contents.length
    const replaced = this.contents.subarray(offset, offset + text.length)
    this.changes.push({ kind: 'write', offset, replaced: Buffer.from(replaced), bytes: bytes(text), sizeBefore })
    const grown = Buffer.alloc(Math.max(sizeBefore, offset + text.length))
    this.contents.copy(grown)
    grown.write(text, offset)
    this.contents = grown
    return this
  }

  truncate(size: number): this {
    const replaced = Buffer.from(this.contents.subarray(size))
    this.changes.push({ kind: 'truncation', size, replaced, sizeBefore: this.contents.length })
    this.contents = Buffer.concat([this.contents.subarray(0, size)], size)
    return this
  }
}

function cut(file: RecordedFile, fates: readonly Fate[], lost: readonly LogRecord[] = []): string {
  const image = imageAfterPowerCut(file.contents, lost, file.changes, (_change, at) => fates[at] ?? 'dropped')
  return Buffer.from(image).toString('latin1').replaceAll('\0', '.')
}

test.each<[string, RecordedFile, readonly Fate[], string]>([
  ['nothing kept', new RecordedFile('abc').write(1, 'XY').write(3, 'Z').truncate(2), [], 'abc'],
  ['everything kept', new RecordedFile('abc').write(1, 'XYZ').truncate(2), ['kept', 'kept'], 'aX'],
  ['the later of two kept', new RecordedFile('ab').write(2, 'XX').write(4, 'YY'), ['dropped', 'kept'], 'ab..YY'],
  ['the earlier of two kept', new RecordedFile('ab').write(0, 'X').write(0, 'Y'), ['kept', 'dropped'], 'Xb'],
  ['truncation alone kept', new RecordedFile('abcd').write(0, 'X').truncate(1), ['dropped', 'kept'], 'a'],
  ['cut off and grown again', new RecordedFile('abcd').truncate(1).write(3, 'X'), ['kept', 'kept'], 'a..X'],
])('%s', (_name, file, fates, image) => expect(cut(file, fates)).toBe(image))

test('a torn write reaches the disk up to its last whole sector', () => {
  const file = new RecordedFile('-'.repeat(600)).write(10, 'X'.repeat(1200))
  expect(cut(file, [{ tornAt: 512 }])).toBe('-'.repeat(10) + 'X'.repeat(502) + '-'.repeat(88))
})

test('what a failed fsync lost turns back, but not what was written durably over it', () => {
  const [lostWrite] = new RecordedFile('abcdef').write(0, 'LLLL').changes
  const lost: LogRecord[] = [...(lostWrite === undefined ? [] : [lostWrite]), { kind: 'cover', offset: 2, length: 2 }]
  // On the disk: 'LL' was never written, 'DD' was, over what was lost; 'U' waits for its fsync.
  const file = new RecordedFile('LLDDef').write(5, 'U')
  expect(cut(file, ['dropped'], lost)).toBe('abDDef')
  expect(cut(file, ['kept'], lost)).toBe('abDDeU')
})
