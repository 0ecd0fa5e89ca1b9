import type { SourceDefect } from './source-defect.ts'

const notes = { kind: 'world', invariants: ['I1', 'I9', 'I10'] } as const
const unbilled = { ...notes, saying: /stand on document lines|stand on documents|documents have had|names \d+ blocks/ }

/** Notes about documents, documents that are taken back, and disputes. */
export const moneyDefects: readonly SourceDefect[] = [
  {
    name: 'note-without-its-tax',
    file: 'aggregator/domain/receivables/note.ts',
    find: 'const taxMicros = sign * (taxAt(before + sign * micros) - taxAt(before))',
    replace: 'const taxMicros = 0n * sign * (taxAt(before + sign * micros) - taxAt(before))',
    breaks: 'a note has the tax of what it gives back or adds',
    caughtBy: { ...notes, saying: /with the notes before it/, hint: 2 },
  },
  {
    name: 'taken-back-and-still-billed',
    file: 'aggregator/flow/void-document.ts',
    find: '    if (earlier === undefined) removed.push(line.segment)\n    else billed.push(withoutLine(known, line, earlier))\n',
    replace: '    billed.push(earlier === undefined ? known : withoutLine(known, line, earlier))\n',
    breaks: 'the lines of a document that is taken back are unbilled again',
    caughtBy: { ...unbilled, hint: 1 },
  },
  {
    name: 'disputed-and-given-back-whole',
    file: 'aggregator/flow/dispute-line.ts',
    find: 'const lines = [{ key: row.line, micros: asked.value }]',
    replace: 'const lines = [{ key: row.line, micros: asked.value < 0n ? asked.value : null }]',
    breaks: 'who disputes some of a line gets no more than that back',
    caughtBy: { ...notes, saying: /a dispute of/, hint: 1 },
  },
  {
    name: 'taken-back-and-forgotten',
    file: 'aggregator/store/money-decision-writes.ts',
    find: '  tables.markLate(late)\n',
    replace: '',
    breaks: 'what a document billed that is taken back stands on another one',
    caughtBy: { ...unbilled, hint: 4 },
  },
]
