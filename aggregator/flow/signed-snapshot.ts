import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { snapshotSignatureContext } from '@meterline/shared/model/snapshot.ts'
import {
  bindingsLimits,
  bindingsSignatureContext,
  encodeSubjectBindings,
  type BoundSubject,
} from '@meterline/shared/model/subject-bindings.ts'
import type { SubjectAnswer } from '@meterline/shared/wire/messages.ts'
import type { PlanBook } from '../domain/catalogue/snapshot-plans.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'

/** What an agent enforces, ready to send. */
export interface SignedSnapshot {
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes. */
  readonly hash: Uint8Array
  readonly signature: Uint8Array
  /** By their hashes in hexadecimal. */
  readonly parts: ReadonlyMap<string, Uint8Array>
  /** Says what holds for subjects, as many of them as one answer has room for. */
  readonly answer: (subjects: readonly string[]) => SubjectAnswer
}

/** Makes and signs the snapshot of the catalogue in force; every agent of a tenant gets the same one. */
export function signSnapshot(inForce: CatalogueInForce, key: SigningKey): SignedSnapshot {
  const { snapshot, bytes, hash, parts, book } = inForce.snapshot()
  const { tenant, version, bindingsHash } = snapshot
  return {
    bytes,
    hash,
    signature: key.sign(snapshotSignatureContext, hash),
    parts,
    answer: (subjects) => {
      const head = { format: 1, tenant, version, bindingsHash } as const
      const answer = encodeSubjectBindings({ ...head, subjects: boundSubjects(book, subjects) })
      const signature = key.sign(bindingsSignatureContext, sha256(answer))
      return { kind: 'subject-answer', bytes: answer, signature }
    },
  }
}

/** What an answer takes beside its subjects. */
const frameBytes = 1_024

function boundSubjects(book: PlanBook, subjects: readonly string[]): readonly BoundSubject[] {
  const bound: BoundSubject[] = []
  let bytes = frameBytes
  for (const subject of new Set(subjects)) {
    const one = { subject, bindings: book.bindingsOf(subject) }
    bytes += Buffer.byteLength(JSON.stringify(one), 'utf8') + 1
    if (bytes > bindingsLimits.bytes) break
    bound.push(one)
  }
  return bound
}
