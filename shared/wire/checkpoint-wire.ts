import type { CheckpointMessage } from './messages.ts'
import { bytesListOf, countOf, textOf, type Fields } from './wire-fields.ts'

/** A consistency proof has at most two hashes for each doubling of the log. */
const mostProofHashes = 128

/** A checkpoint as the proto has it. */
export function checkpointToWire({ note, generation, fromSize, consistency }: CheckpointMessage): object {
  return { note, generation, fromSize, consistency }
}

/** Reads a checkpoint. Throws `MalformedMessage`. */
export function checkpointFromWire(message: Fields): CheckpointMessage {
  return {
    kind: 'checkpoint',
    note: textOf(message, 'note'),
    generation: countOf(message, 'generation'),
    fromSize: countOf(message, 'fromSize'),
    consistency: bytesListOf(message, 'consistency', mostProofHashes),
  }
}
