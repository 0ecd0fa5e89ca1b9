import { assertThat, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { CompactRange } from '@meterline/shared/integrity/merkle.ts'
import { copyDatabase } from '@meterline/shared/sqlite/copy-database.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { BooksReader } from '../store/books-reader.ts'
import { digestFile } from '../store/durable-files.ts'
import { verifyBooks } from './verify-books.ts'

/** Books that are to be copied into a new file, and checked there. Plain data, for a thread; one has no disk. */
export interface CopyOrder {
  readonly booksFile: string
  readonly toFile: string
  readonly tenant: string
  readonly publicKeyBase64: string
  /** Simulation only: see `copyDatabase`. */
  readonly disk?: SimulatedDisk | undefined
}

/** What was copied, as the copy itself says, every check of `verifyBooks` having held. */
export interface BooksCopy {
  readonly generation: number
  /** Log entries, and the root over them in hexadecimal. */
  readonly size: number
  readonly root: string
  readonly fileBytes: number
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string
}

export type CopyFault = Fault<'backup_failed' | 'backup_has_problems'>

/** Copies and checks books wherever that holds up nobody; `phase` hears what is being done. */
export type CopyBooks = (order: CopyOrder, phase: (name: string) => void) => Promise<Result<BooksCopy, CopyFault>>

/**
 * Copies one committed state of a tenant's books into a new file and verifies that file from its bytes. Synchronous, for
 * as long as it takes: a service has it done in a thread.
 */
export function copyBooks(order: CopyOrder, phase: (name: string) => void): Result<BooksCopy, CopyFault> {
  const { booksFile, toFile, tenant, publicKeyBase64, disk } = order
  try {
    phase('copying')
    copyDatabase({ from: booksFile, to: toFile, disk })
    phase('verifying')
    const verified = verifyBooks(toFile, tenant, publicKeyBase64)
    if (!verified.ok) return failed(fault('backup_failed', verified.fault.message))
    const [problem, ...others] = verified.value.problems
    if (problem !== undefined) {
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`
      const text = `The books of ${tenant} have problems, so the copy is no backup: ${problem}${more}. Run "verify".`
      return failed(fault('backup_has_problems', text))
    }
    phase('hashing')
    const { bytes, sha256 } = digestFile(toFile)
    return ok({ ...headOf(toFile), fileBytes: bytes, sha256 })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('backup_failed', `${booksFile} could not be copied to ${toFile}: ${reason}`))
  }
}

/** Where the log of a file of books ends. Throws when it cannot be read. */
export function headOf(file: string): { readonly generation: number; readonly size: number; readonly root: string } {
  const reader = new BooksReader(file)
  try {
    const head = reader.head()
    assertThat(head !== undefined, `${file} has a log`)
    const range = CompactRange.restore(head.frontier)
    assertThat(range.ok, `${file} has a readable frontier`)
    const generation = reader.generations().at(-1)?.generation ?? 1
    return { generation, size: head.size, root: toHex(range.value.root()) }
  } finally {
    reader.close()
  }
}
