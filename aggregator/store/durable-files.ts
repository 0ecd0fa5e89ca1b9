import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs'
import { renameDurably } from '@meterline/shared/sqlite/synchronise.ts'

const chunkBytes = 1024 * 1024

/** How many bytes a file has, and their SHA-256 in hexadecimal; read in pieces, whatever its size. */
export function digestFile(file: string): { readonly bytes: number; readonly sha256: string } {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(chunkBytes)
  const handle = openSync(file, 'r')
  let bytes = 0
  try {
    for (;;) {
      const read = readSync(handle, chunk, 0, chunkBytes, null)
      if (read === 0) break
      bytes += read
      hash.update(chunk.subarray(0, read))
    }
  } finally {
    closeSync(handle)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** Writes a small file so that it is there whole or not at all, for its owner alone. */
export function writeDurably(file: string, text: string): void {
  const temporary = `${file}.partial`
  writeFileSync(temporary, text, { mode: 0o600, flush: true })
  renameDurably(temporary, file)
}
