import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { countLines, readTextLines } from './text-lines.ts'
import { collect, traceFile } from './trace-file-for-tests.ts'

const long = 'x'.repeat(100_000)

test.each([
  ['empty', '', []],
  ['without a last line break', 'a\nb', ['a', 'b']],
  ['with one, and an empty line', 'a\r\n\nb\n', ['a', '', 'b']],
  ['with lines longer than a read', `${long}\n${long}é\n`, [long, `${long}é`]],
])('a file %s gives its lines, plain or packed', async (_name, text, lines) => {
  for (const file of [traceFile(text), traceFile(gzipSync(text))]) {
    const read = await collect(readTextLines(file))
    expect(read.map((line) => line.bytes.toString('utf8'))).toEqual(lines)
    expect(read.map((line) => line.number)).toEqual(lines.map((_, index) => index + 1))
    expect(await countLines(file)).toBe(lines.filter((line) => line !== '').length)
  }
})

test('a line without an end does not fill the memory', async () => {
  const file = traceFile(gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20)))
  await expect(collect(readTextLines(file))).rejects.toThrow(/:1: the line is longer than 1048576 bytes/)
})

test('a packed file that is cut off, and one that is not there, are errors', async () => {
  const cut = gzipSync(Buffer.from('abc\n'.repeat(1000))).subarray(0, 20)
  await expect(collect(readTextLines(traceFile(cut)))).rejects.toThrow(/unexpected end/)
  await expect(collect(readTextLines('/none/at-all'))).rejects.toThrow(/ENOENT/)
})
