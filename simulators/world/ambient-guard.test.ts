import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'
import { guardAmbient } from './ambient-guard.ts'

/** Runs a call as if it stood in the given file. */
function calledFrom(filename: string, expression: string): unknown {
  return runInThisContext(`(() => ${expression})()`, { filename })
}

test('production code that asks the runtime for time, timers or chance is caught, and gets its answer', () => {
  const reports: string[] = []
  const unguard = guardAmbient((what) => reports.push(what))
  try {
    expect(calledFrom('/somewhere/agent/flow/ingest.ts', 'Date.now()')).toBeTypeOf('number')
    calledFrom('/somewhere/aggregator/store/log-table.ts', 'Math.random()')
    calledFrom('/somewhere/shared/base/backoff.ts', 'performance.now()')
    calledFrom('/somewhere/agent/flow/ingest.ts', 'clearTimeout(setTimeout(() => undefined, 0))')
    calledFrom('/somewhere/simulators/world/turn.ts', 'Date.now()')
  } finally {
    unguard()
  }
  calledFrom('/somewhere/agent/flow/ingest.ts', 'Date.now()')
  expect(reports.map((report) => report.split(' ')[0])).toEqual(['now', 'random', 'now', 'setTimeout'])
  expect(reports[0]).toContain('/agent/flow/ingest.ts')
})
