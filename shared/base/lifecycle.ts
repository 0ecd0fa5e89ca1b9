import { assertThat, fault, FaultError } from './errors.ts'

interface OpenPart {
  readonly name: string
  readonly close: () => void | Promise<void>
}

/**
 * Closes what a service opened, last opened first, because later parts stand on earlier ones. One part that fails to
 * close does not keep the others open.
 */
export class Lifecycle {
  readonly #parts: OpenPart[] = []
  #closing: Promise<void> | undefined

  /** Notes a part that is open now and how to close it. */
  opened(name: string, close: () => void | Promise<void>): void {
    assertThat(this.#closing === undefined, `${name} was opened while everything was being closed`)
    this.#parts.push({ name, close })
  }

  /**
   * Closes everything in reverse order. Calling it again gives the same promise. Rejects with a `FaultError`
   * (`close_failed`) naming every part that failed, after all were tried.
   */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const failures: { readonly name: string; readonly error: unknown }[] = []
    for (const { name, close } of this.#parts.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push({ name, error })
      }
    }
    if (failures.length === 0) return
    const list = failures.map(({ name, error }) => `${name}: ${error instanceof Error ? error.message : String(error)}`)
    throw new FaultError(fault('close_failed', `could not be closed cleanly: ${list.join('; ')}`), {
      cause: failures[0]?.error,
    })
  }
}
