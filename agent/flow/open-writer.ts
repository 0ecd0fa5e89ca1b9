import { assertThat, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import { BirthBook } from '../domain/mapping/birth-book.ts'
import { compileRules } from '../domain/mapping/compile-rules.ts'
import { SubjectBook } from '../domain/subject-book.ts'
import { readStored } from '../store/journal-damage.ts'
import { Journal, type JournalFaultCode } from '../store/journal.ts'
import { recall, type Writer, type WriterSettings } from './writer.ts'

/** Opens the journal and reads back what its writer remembers of it. */
export function openWriter(
  settings: WriterSettings,
  signingKey: SigningKey,
  random: Random,
  nowMonotonicMs: number,
): Result<Writer, Fault<JournalFaultCode>> {
  const births = new BirthBook()
  const rules = compileRules(settings.mappings, births)
  assertThat(rules.ok, 'mapping rules are compiled once when the configuration is checked')
  const { journalFile, disk, identity, keyRetentionMs, group, journalBytes } = settings
  // No plain event is shorter than this. Records of mapped payloads may be; their keys are then written in pieces.
  const shortestEventBytes = 24
  const maxStagedKeys = Math.ceil(group.payloadBytes / shortestEventBytes)
  const journal = Journal.open({
    file: journalFile,
    identity,
    disk,
    maxStagedKeys,
    keyRetentionMs,
    maxFileBytes: journalBytes,
  })
  if (!journal.ok) return journal
  const memory = recall(journal.value, nowMonotonicMs)
  if (!memory.ok) {
    journal.value.close()
    return memory
  }
  const subjects = new SubjectBook()
  const remembered = readStored(settings.journalFile, () => {
    births.load(journal.value.births.all())
    subjects.load(journal.value.subjects.all())
  })
  if (!remembered.ok) {
    journal.value.close()
    return remembered
  }
  return ok({
    settings,
    journal: journal.value,
    signingKey,
    random,
    memory: memory.value,
    origins: [],
    rules: rules.value,
    births,
    prerates: null,
    subjects,
    receipts: [],
    verifiedHead: null,
  })
}
