/** Folders whose code must take time, timers and chance from its ports alone. */
const guarded = /\/(agent|aggregator|shared)\/(?!node_modules)/

/**
 * While the world runs, production code that reaches for the runtime's own clock, timers or randomness is caught in the
 * act: the call still works, but it is reported with its place. Other code (the test runner, this simulator) is let be.
 */
export function guardAmbient(report: (what: string) => void): () => void {
  const restores = [
    watched(globalThis.Date, 'now', report),
    watched(Math, 'random', report),
    watched(globalThis.performance, 'now', report),
    watched(globalThis, 'setTimeout', report),
    watched(globalThis, 'setInterval', report),
    watched(globalThis, 'setImmediate', report),
  ]
  return () => {
    for (const restore of restores) restore()
  }
}

function watched<Name extends string>(
  holder: Record<Name, unknown>,
  name: Name,
  report: (what: string) => void,
): () => void {
  const original = holder[name]
  if (typeof original !== 'function') return () => undefined
  const watcher = function (this: unknown, ...given: unknown[]): unknown {
    const caller = new Error('called').stack?.split('\n')[2] ?? ''
    if (guarded.test(caller)) report(`${name} is called directly ${caller.trim()}`)
    return Reflect.apply(original, this, given)
  }
  holder[name] = Object.assign(watcher, original)
  return () => {
    holder[name] = original
  }
}
