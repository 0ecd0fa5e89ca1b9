/**
 * What went wrong, as a value. `code` comes from a closed set per area, so that callers can tell cases apart without
 * reading text; `message` says what happened, where, and what to do; `details` carries the figures for logs and tests.
 */
export interface Fault<Code extends string = string> {
  readonly code: Code
  readonly message: string
  readonly details?: Readonly<Record<string, string | number>>
}

/** Builds a fault; `details` is left out altogether when there are none, so that faults compare and serialise cleanly. */
export function fault<Code extends string>(
  code: Code,
  message: string,
  details?: Readonly<Record<string, string | number>>,
): Fault<Code> {
  return details === undefined ? { code, message } : { code, message, details }
}

/** The outcome of something that can fail in an expected way. Check `ok` first; then `value` or `fault` is there. */
export type Result<Value, F extends Fault = Fault> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly fault: F }

/** The success side of a `Result`. */
export function ok<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value }
}

/** The failure side of a `Result`. */
export function failed<F extends Fault>(fault: F): { readonly ok: false; readonly fault: F } {
  return { ok: false, fault }
}

/**
 * Thrown where there is no sensible way to go on, such as a start-up that lacks its key. Expected outcomes are returned
 * as a `Result` instead. The fault's message is the error's message; `cause` keeps the error of a library below.
 */
export class FaultError extends Error {
  readonly fault: Fault

  constructor(fault: Fault, options?: { readonly cause?: unknown }) {
    super(fault.message, options)
    this.name = 'FaultError'
    this.fault = fault
  }
}

/** A condition that the code itself guarantees did not hold: a bug, never an input. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AssertionFailure'
  }
}

/** States what must be true here. Throws `AssertionFailure` when it is not; inputs are parsed, not asserted. */
export function assertThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message)
}
