import type { ToldSubject } from '../domain/subject-book.ts'
import type { Writer } from './writer.ts'

/**
 * Remembers what the aggregator said of subjects, in the file and in memory; those that are forgotten for them leave both.
 * Inside a commit: when that fails, the memory is read back from the file.
 */
export function learnSubjects({ subjects, journal }: Writer, told: readonly ToldSubject[]): void {
  for (const subject of subjects.learn(told)) journal.subjects.remove(subject)
  for (const one of told) journal.subjects.write(one)
}
