import type { SourceDefect } from './source-defect.ts'

const inStory = { kind: 'test', test: 'agent/compose-snapshots.test.ts' } as const
const inCatalogue = { kind: 'test', test: 'aggregator/domain/catalogue/snapshot.test.ts' } as const
const inBook = { kind: 'test', test: 'agent/domain/subject-book.test.ts' } as const
const inJournal = { kind: 'test', test: 'agent/flow/store-snapshot.test.ts' } as const

/** Defects of what agents are told to enforce: snapshots, their parts, and what is said of subjects. */
export const snapshotDefects: readonly SourceDefect[] = [
  {
    name: 'snapshot-with-wholesale-prices',
    file: 'aggregator/domain/catalogue/snapshot-plans.ts',
    find: "if (subscription.kind !== 'retail') continue",
    replace: "if (subscription.kind === 'cost') continue",
    breaks: 'an agent knows no wholesale price',
    caughtBy: inCatalogue,
  },
  {
    name: 'snapshot-cut-by-order',
    file: 'aggregator/domain/catalogue/snapshot-cuts.ts',
    find: 'entry.hash.slice(-2)',
    replace: 'entry.hash.slice(0, 2)',
    breaks: 'a small change of prices takes few bytes',
    caughtBy: inCatalogue,
  },
  {
    name: 'snapshot-plan-of-the-newest-version',
    file: 'aggregator/domain/catalogue/snapshot-plans.ts',
    find: 'version.fromMs === null || version.fromMs <= fromMs',
    replace: 'version.fromMs === null || version.fromMs > 0',
    breaks: 'a subscription has the version of its offering that was sold when it began',
    caughtBy: inCatalogue,
  },
  {
    name: 'snapshot-price-changed-late',
    file: 'agent/domain/prerate.ts',
    find: 'timeMs >= span.fromMs',
    replace: 'timeMs > span.fromMs',
    breaks: 'a price that changes by a date holds from its first millisecond',
    caughtBy: { kind: 'test', test: 'agent/domain/prerate.test.ts' },
  },
  {
    name: 'snapshot-part-not-verified',
    file: 'agent/store/snapshot-tables.ts',
    find: 'bytes !== undefined && equalBytes(sha256(bytes), hash)',
    replace: 'bytes !== undefined && equalBytes(hash, hash)',
    breaks: 'a part that the disk has changed is used by nobody',
    caughtBy: inJournal,
  },
  {
    name: 'snapshot-parts-kept-for-ever',
    file: 'agent/store/snapshot-tables.ts',
    find: "if (!kept.has(Buffer.from(hash).toString('hex')))",
    replace: "if (kept.has(Buffer.from(hash).toString('hex')) && kept.size === 0)",
    breaks: 'parts that no snapshot names leave the journal (I16)',
    caughtBy: inJournal,
  },
  {
    name: 'snapshot-of-a-former-life',
    file: 'agent/flow/keep-snapshots.ts',
    find: 'this.#newest.generation < this.#generation()',
    replace: 'this.#newest.generation > this.#generation()',
    breaks: 'after a declared restore agents follow the restored catalogue',
    caughtBy: inStory,
  },
  {
    name: 'subject-answer-signature-not-checked',
    file: 'shared/model/subject-bindings.ts',
    find: 'if (!verifySignature(publicKeyBase64, bindingsSignatureContext, sha256(bytes), signature)) {',
    replace: 'if (signature.length === 0) {',
    breaks: 'only the pinned aggregator key says who has bought what',
    caughtBy: { kind: 'test', test: 'shared/model/subject-bindings.test.ts' },
  },
  {
    name: 'subject-answer-older-accepted',
    file: 'agent/flow/ask-subjects.ts',
    find: 'version < newest',
    replace: 'version < 0',
    breaks: 'what is said of subjects never goes back',
    caughtBy: inStory,
  },
  {
    name: 'subject-never-asked-again',
    file: 'agent/domain/subject-book.ts',
    find: 'terms !== undefined && terms.bindingsHash === bindingsHash',
    replace: 'terms !== undefined && bindingsHash.length > 0',
    breaks: 'a subject is asked about again when bindings have changed',
    caughtBy: inBook,
  },
  {
    name: 'subjects-made-up-push-others-out',
    file: 'agent/domain/subject-book.ts',
    find: 'const known = isBound ? this.#bound : this.#unknown',
    replace: 'const known = this.#bound',
    breaks: 'a device that makes up subjects costs those that are bound nothing',
    caughtBy: inBook,
  },
  {
    name: 'subjects-wanted-without-end',
    file: 'agent/domain/subject-book.ts',
    find: 'if (this.#wanted.size < this.#limits.wanted) this.#wanted.add(subject)',
    replace: 'this.#wanted.add(subject)',
    breaks: 'whom to ask about is a list with a cap (I16)',
    caughtBy: inBook,
  },
]
