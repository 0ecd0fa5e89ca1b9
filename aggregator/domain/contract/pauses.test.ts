import { expect, test } from 'vitest'
import { effectivePauses, type Pausable, type Pause } from './pauses.ts'

const pause = (fromMs: number, toMs: number | null): Pause => ({ fromMs, toMs, reason: null })
const subscription = (id: string, more: Partial<Pausable> = {}): Pausable => ({
  id,
  pauses: [],
  dependsOn: null,
  whenPaused: 'pause',
  ...more,
})

function shown(...subscriptions: readonly Pausable[]): Readonly<Record<string, string>> {
  const found = effectivePauses(subscriptions)
  return Object.fromEntries(
    [...found].map(([id, spans]) => [id, spans.map(({ fromMs, toMs }) => `${fromMs}-${toMs}`).join(' ')]),
  )
}

test('pauses that touch or overlap are one, and who is never paused is left out', () => {
  const own = subscription('own', { pauses: [pause(30, null), pause(5, 9), pause(1, 5)] })
  expect(shown(own, subscription('other'))).toEqual({ own: '1-9 30-Infinity' })
})

test('what depends on another is paused with it, over any number of links and whatever the order', () => {
  const line = subscription('line', { pauses: [pause(10, 20)] })
  const view = subscription('view', { dependsOn: 'line', pauses: [pause(15, 25)] })
  const report = subscription('report', { dependsOn: 'view' })
  const paused = { line: '10-20', view: '10-25', report: '10-25' }
  expect(shown(line, view, report)).toEqual(paused)
  expect(shown(report, view, line)).toEqual(paused)
  expect(shown(report, { ...view, whenPaused: 'stays' }, line)).toEqual({
    line: '10-20',
    view: '15-25',
    report: '15-25',
  })
})

test('links to what is not there and links in a circle come to an end', () => {
  expect(shown(subscription('own', { dependsOn: 'nobody', pauses: [pause(1, 2)] }))).toEqual({ own: '1-2' })
  const first = subscription('first', { dependsOn: 'second', pauses: [pause(1, 2)] })
  expect(shown(first, subscription('second', { dependsOn: 'first' }))['first']).toBe('1-2')
})
