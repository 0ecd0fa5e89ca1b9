import type { LinkObserver } from './connection.ts'
import type { Surroundings } from './surroundings.ts'
import { shortHex } from './trace.ts'

/** Writes down what crosses the link of a box, and tells the oracle; `agent` is what the box runs as. */
export function linkObserver(world: Surroundings, box: string, agent: string): LinkObserver {
  const { trace, queue, oracle, counts } = world
  const note = (what: string): void => trace.note(queue.nowMs, box, what)
  return {
    note(what) {
      if (what === 'connects') counts.connections += 1
      note(`link ${what}`)
    },
    injected: (kind) => world.faults.add(kind),
    sentByAgent(message) {
      if (message.kind === 'hello') oracle.caps.greeted(box)
      else if (message.kind === 'batch') oracle.caps.batchSent(box)
      if (message.kind === 'hello') note(`sends hello at ${message.lastSealedSeq} ${shortHex(message.chainHash)}`)
      else if (message.kind === 'report') note(`reports ${message.suspendedRows} entries in suspense`)
      else if (message.kind === 'part-request') note(`asks for ${message.hashes.length} parts of the snapshot`)
      else if (message.kind === 'subject-request') note(`asks about ${message.subjects.length} subjects`)
      else note(`sends batch of ${message.body.length} bytes, signed ${shortHex(message.signature)}`)
    },
    sentByAggregator(message) {
      if (message.kind === 'refusal') note(`is refused: ${message.code} ${message.seq} ${message.message}`)
      else if (message.kind === 'welcome') note(`is welcomed at ${message.receivedSeq}`)
      else if (message.kind === 'snapshot') note(`is sent a snapshot of ${message.bytes.length} bytes`)
      else if (message.kind === 'snapshot-part') note(`is sent a part of ${message.bytes.length} bytes`)
      else if (message.kind === 'subject-answer') note(`is told of subjects in ${message.bytes.length} bytes`)
    },
    arrivedAtAgent(message) {
      if (message.kind !== 'receipt') return
      const { epoch, seq, batchHash, logIndex } = message
      note(`gets receipt ${seq} at ${logIndex} ${shortHex(batchHash)}`)
      oracle.receiptArrived({ box, agent, epoch, seq, batchHash: Buffer.from(batchHash).toString('hex'), logIndex })
    },
  }
}
