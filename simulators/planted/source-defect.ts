import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { FaultMode } from '../faults/fault-mode.ts'
import type { Invariant } from '../oracle/findings.ts'

/** How a defect comes to light in simulated worlds. */
export interface CaughtInWorld {
  readonly kind: 'world'
  /** Any of these counts as caught. */
  readonly invariants: readonly Invariant[]
  /** A piece of the message, so that a finding for another reason does not count. */
  readonly saying: RegExp
  /** What may go wrong in the worlds; left out: each seed takes its turn through the modes of `huntModes`. */
  readonly mode?: FaultMode
  /** It shows only once an agent got a new disk and epoch. */
  readonly replacesAgent?: boolean
  /** The number of the seed that caught it last: tried first, so that the tests are fast. */
  readonly hint?: number
}

/** How a defect comes to light in a test: some test of that file fails. */
export interface CaughtByTest {
  readonly kind: 'test'
  /** Test file, from the project's root. */
  readonly test: string
}

/**
 * A deliberate defect: one small edit of the product's source, applied while a module is loaded and never on the disk.
 * Whoever changes the code it stands in takes it along: a test demands that `find` occurs exactly once in `file`.
 */
export interface SourceDefect {
  /** In kebab case; names the defect on the command line and in the environment. */
  readonly name: string
  /** Source file, from the project's root. */
  readonly file: string
  /** Exact text of the file, in one place of it only. */
  readonly find: string
  readonly replace: string
  /** The promise that is broken, for a reader of the list. */
  readonly breaks: string
  readonly caughtBy: CaughtInWorld | CaughtByTest
}

/** The source with the defect in it. Refuses a text that does not occur exactly once: the entry must follow the code. */
export function plantDefect(source: string, defect: SourceDefect): Result<string, Fault<'defect_out_of_place'>> {
  const { name, file, find, replace } = defect
  const places = source.split(find).length - 1
  if (places === 1) return ok(source.replace(find, () => replace))
  const text =
    `Planted defect ${name}: its text occurs ${places} times in ${file} instead of once. ` +
    'The code has moved on: correct the entry in simulators/planted, so that it breaks the same promise again.'
  return failed(fault('defect_out_of_place', text, { name, file, places }))
}
