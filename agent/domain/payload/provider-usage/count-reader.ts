import { parseQuantity } from '@meterline/shared/units/quantity.ts'
import { isJsonObject, type JsonObject } from '../json-text.ts'
import { tooManyTokens } from '../token-classes.ts'
import { refused, shown, type NormaliseFault } from '../rejection.ts'

/** A failed reading, as functions return it. */
export type Refused = { readonly ok: false; readonly fault: NormaliseFault }

/**
 * Reads the counts of one usage object. Absent and null are null, zero is zero; the first count that is none is kept in
 * `problem`. Counts on the way how many members were understood, so that unknown ones show without a look at each.
 */
export class CountReader {
  problem: Refused | null = null
  /** Members understood so far, at all depths. */
  understood = 0

  /**
   * A count of tokens: a whole number, or a text of digits, up to 2^53 − 1. As numbers they are exact, and what is done
   * with them here (sums and differences, `measureTokens` checks the largest) is too.
   */
  count(value: unknown, name: string): number | null {
    if (value === undefined) return null
    this.understood += 1
    if (value === null) return null
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : this.#statedOtherwise(value, name)
  }

  #statedOtherwise(value: unknown, name: string): number | null {
    const count = parseQuantity(value)
    if (count.ok && count.value <= Number.MAX_SAFE_INTEGER) return Number(count.value)
    const problem = count.ok ? tooManyTokens : count.fault
    this.problem ??= refused(problem.code, `${name}: ${problem.message}`)
    return null
  }

  /** An object with more counts; an empty one when it is not there. */
  group(value: unknown, name: string): JsonObject {
    if (value === undefined) return noMembers
    this.understood += 1
    if (value === null) return noMembers
    if (isJsonObject(value)) return value
    this.problem ??= refused('usage_invalid', `${name} is ${shown(value)}: it must be an object of token counts`)
    return noMembers
  }

  /** A list of objects with counts; an empty one when it is not there. */
  list(value: unknown, name: string): readonly unknown[] {
    if (value === undefined) return noElements
    this.understood += 1
    if (value === null) return noElements
    if (Array.isArray(value)) return value
    this.problem ??= refused('usage_invalid', `${name} is ${shown(value)}: it must be an array of token counts`)
    return noElements
  }

  /** A field that only breaks a count down further: understood when it says nothing (zero, null), else kept as it is. */
  breakdown(value: unknown): void {
    if (value === 0 || value === null) this.understood += 1
  }
}

const noMembers: JsonObject = {}
const noElements: readonly unknown[] = []
