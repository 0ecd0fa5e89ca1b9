/**
 * Aborts at the first SIGINT or SIGTERM, so that what is under way can be finished and summed up. The second one ends
 * the program at once, as it would have done without this.
 */
export function stopRequests(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      if (!controller.signal.aborted) process.stderr.write('\n  stopping: waiting for what is under way\n')
      controller.abort()
    })
  }
  return controller.signal
}
