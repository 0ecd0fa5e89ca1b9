// Taken before the world watches who else uses it.
const nextTurn = setImmediate

/**
 * Lets everything finish that was resolved in this step: the runtime empties its microtask and next-tick queues, in a
 * fixed order, before it calls an immediate. Production code in the world waits only for its `Clock` and for values that
 * are there already, so after this the world stands still until the next event.
 */
export function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    nextTurn(resolve)
  })
}
