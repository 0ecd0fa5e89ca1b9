import { bindingsLimits } from '../model/subject-bindings.ts'
import { textFits, usageEventLimits } from '../model/usage-event.ts'
import {
  partsAtOnce,
  type PartRequest,
  type SnapshotMessage,
  type SnapshotPartMessage,
  type SubjectAnswer,
  type SubjectRequest,
} from './messages.ts'
import { bytesListOf, bytesOf, MalformedMessage, textsOf, type Fields } from './wire-fields.ts'

/** Reads a request for parts. Throws `MalformedMessage`, as all of these do. */
export function partRequestFromWire(request: Fields): PartRequest {
  return { kind: 'part-request', hashes: bytesListOf(request, 'hashes', partsAtOnce) }
}

/** Reads a request for subjects, each of them one that usage may name. */
export function subjectRequestFromWire(request: Fields): SubjectRequest {
  const subjects = textsOf(request, 'subjects', bindingsLimits.subjects)
  if (!subjects.every((subject) => textFits(subject, usageEventLimits.subjectBytes))) {
    throw new MalformedMessage('a subject is empty or too long')
  }
  return { kind: 'subject-request', subjects }
}

/** Reads a snapshot; what its bytes say is judged by whoever verifies it. */
export function signedSnapshotFromWire(snapshot: Fields): SnapshotMessage {
  return { kind: 'snapshot', bytes: bytesOf(snapshot, 'bytes'), signature: bytesOf(snapshot, 'signature') }
}

export function snapshotPartFromWire(part: Fields): SnapshotPartMessage {
  return { kind: 'snapshot-part', bytes: bytesOf(part, 'bytes') }
}

export function subjectAnswerFromWire(answer: Fields): SubjectAnswer {
  return { kind: 'subject-answer', bytes: bytesOf(answer, 'bytes'), signature: bytesOf(answer, 'signature') }
}
