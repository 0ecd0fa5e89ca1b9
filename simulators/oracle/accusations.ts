/**
 * Who gave cause to be accused: agents of which two histories exist because their disk was copied or thrown back, and
 * those that forge. Nobody else may be quarantined or have evidence kept against him.
 */
export class Accusations {
  readonly #epochs = new Map<string, number>()
  readonly #always = new Set<string>()

  /** There are two histories of this agent up to this epoch; in the next one it is honest again. */
  upTo(agent: string, epoch: number): void {
    this.#epochs.set(agent, Math.max(epoch, this.#epochs.get(agent) ?? 0))
  }

  /** Nothing that this agent does is to be trusted. */
  always(agent: string): void {
    this.#always.add(agent)
  }

  /** Whether evidence may be kept against this agent. */
  allow(agent: string): boolean {
    return this.#always.has(agent) || this.#epochs.has(agent)
  }

  /** Whether this agent may be quarantined in this epoch. */
  allowIn(agent: string, epoch: number): boolean {
    return this.#always.has(agent) || epoch <= (this.#epochs.get(agent) ?? 0)
  }
}
