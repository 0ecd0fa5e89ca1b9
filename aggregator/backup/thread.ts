import { Worker } from 'node:worker_threads'
import { assertThat, failed, fault } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { BooksCopy, CopyFault, CopyOrder } from '../flow/copy-books.ts'

/** From the thread: what it does now, or what came of it. */
export type FromCopier =
  | { readonly kind: 'phase'; readonly name: string }
  | { readonly kind: 'done'; readonly result: Result<BooksCopy, CopyFault> }

// Bundled, both sides are plain JavaScript in one folder.
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './backup-worker.mjs'

/** Copies and checks books in a thread of its own, so that the service goes on. */
export function copyBooksInThread(
  order: CopyOrder,
  phase: (name: string) => void,
): Promise<Result<BooksCopy, CopyFault>> {
  assertThat(order.disk === undefined, 'a simulated disk stays with the thread that made it')
  const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: order })
  return new Promise((resolve) => {
    const crashed = (reason: string): void =>
      resolve(failed(fault('backup_failed', `The copying of ${order.booksFile} broke off: ${reason}`)))
    worker.on('message', (message: FromCopier) => {
      if (message.kind === 'phase') phase(message.name)
      else resolve(message.result)
    })
    worker.once('error', (error) => crashed(error instanceof Error ? error.message : String(error)))
    worker.once('exit', (code) => crashed(`its thread ended with code ${code}`))
  })
}
