import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '@meterline/shared/base/clock.ts'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { JournalReply } from '../flow/journal-port.ts'
import { JournalService } from '../flow/journal-service.ts'
import type { FromWriter, ToWriter, WriterStart } from './messages.ts'

// The entry of the writer's thread: opens the journal and answers until it is told to close.
const port = parentPort
assertThat(port !== null, 'this file is started as a worker thread')
const { settings, signingKeyPem } = workerData as WriterStart

const opened = JournalService.open(settings, openSigningKey(signingKeyPem), systemRandom(), systemClock().monotonicMs())
if (opened.ok) serve(opened.value)
else {
  tell({ kind: 'unusable', fault: opened.fault })
  port.close()
}

function serve(service: JournalService): void {
  let told = false
  const tellFailure = (): void => {
    if (service.failure === null || told) return
    told = true
    tell({ kind: 'failed', fault: service.failure })
  }
  port?.on('message', (message: ToWriter) => {
    switch (message.kind) {
      case 'request': {
        const reply = service.handle(message.request)
        tell({ kind: 'reply', reply }, transferred(reply))
        return tellFailure()
      }
      case 'question':
        tell({ kind: 'answer', number: message.number, answer: service.answer(message.question) })
        return tellFailure()
      case 'close':
        service.close()
        port?.close()
    }
  })
  tell({ kind: 'opened', opening: service.opening, held: service.takeHeldSnapshot() })
}

function tell(message: FromWriter, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

function transferred(reply: JournalReply): readonly ArrayBuffer[] {
  if (reply.kind === 'group' && reply.buffer !== null) return [reply.buffer]
  if (reply.kind !== 'load') return []
  return reply.batches.flatMap(({ body }) => (body.buffer instanceof ArrayBuffer ? [body.buffer] : []))
}
