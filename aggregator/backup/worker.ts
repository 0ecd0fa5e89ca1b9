import { parentPort, workerData } from 'node:worker_threads'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { copyBooks } from '../flow/copy-books.ts'
import type { CopyOrder } from '../flow/copy-books.ts'
import type { FromCopier } from './thread.ts'

// The entry of the thread that copies books for a backup: does it, says what came of it, and ends.
const port = parentPort
assertThat(port !== null, 'this file is started as a worker thread')
const tell = (message: FromCopier): void => port.postMessage(message)
tell({ kind: 'done', result: copyBooks(workerData as CopyOrder, (name) => tell({ kind: 'phase', name })) })
