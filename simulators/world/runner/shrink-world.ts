import { groupsOf } from '../../faults/fault-groups.ts'
import { planForRun } from '../../faults/plan-for-run.ts'
import type { Invariant, Violation } from '../../oracle/findings.ts'
import type { WorldOrder } from '../world-options.ts'

/** The smallest world found that still fails, and what it took to find it. */
export interface ShrunkWorld {
  readonly order: WorldOrder
  readonly violation: Violation
  readonly tries: number
}

const mostTries = 60
const leastHours = 0.02
const leastPublishes = 1

/**
 * Makes a failing world smaller while it fails by the same invariant: kinds of fault are switched off one after the other,
 * then there are fewer payloads and a shorter storm. Every step changes what is drawn later, so a smaller world may fail
 * for another reason under the same invariant; that is shown by its message.
 *
 * @param run runs a world and gives its violations
 */
export async function shrinkWorld(
  failing: { readonly order: WorldOrder; readonly violation: Violation },
  run: (order: WorldOrder) => Promise<readonly Violation[]>,
): Promise<ShrunkWorld> {
  const shrinking = new Shrinking(failing.order, failing.violation, run)
  for (let before = -1; before !== shrinking.successes;) {
    before = shrinking.successes
    for (const group of groupsOf(planForRun(shrinking.order)))
      await shrinking.attempt({ without: [...shrinking.order.without, group] })
    while (await shrinking.attempt({ publishesPerDevice: Math.floor(shrinking.order.publishesPerDevice / 2) }));
    while (await shrinking.attempt({ hours: shorter(shrinking.order.hours) }));
  }
  return { order: shrinking.order, violation: shrinking.violation, tries: shrinking.tries }
}

class Shrinking {
  order: WorldOrder
  violation: Violation
  tries = 0
  successes = 0
  readonly #invariant: Invariant
  readonly #run: (order: WorldOrder) => Promise<readonly Violation[]>

  constructor(order: WorldOrder, violation: Violation, run: (order: WorldOrder) => Promise<readonly Violation[]>) {
    this.order = order
    this.violation = violation
    this.#invariant = violation.invariant
    this.#run = run
  }

  /** Whether the world with this change still fails; then it takes the place of the one before. */
  async attempt(change: Partial<WorldOrder>): Promise<boolean> {
    const order = { ...this.order, ...change }
    if (this.tries >= mostTries || order.publishesPerDevice < leastPublishes || order.hours < leastHours) return false
    this.tries += 1
    const violations = await this.#run(order)
    const same = violations.find(({ invariant }) => invariant === this.#invariant)
    if (same === undefined) return false
    this.order = order
    this.violation = same
    this.successes += 1
    return true
  }
}

/** Half the time, in a number that a command line says the same. */
function shorter(hours: number): number {
  return Number((hours / 2).toFixed(4))
}
