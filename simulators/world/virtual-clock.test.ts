import { seededRandom } from '@meterline/shared/base/random.ts'
import { expect, test } from 'vitest'
import { EventQueue } from './event-queue.ts'
import { MortalClock, mortalRandom, ProcessLife } from './process-life.ts'
import { MachineClock, ProcessClock } from './virtual-clock.ts'

const startMs = Date.UTC(2026, 0, 1)
const bootId = '0'.repeat(32)

function machineOf(queue: EventQueue, fastPpm = 0): MachineClock {
  return new MachineClock(queue, { bootId, wallOffsetMs: 250, fastPpm, syncState: 'synced' })
}

test('wall and monotonic time run with the world; only the wall clock steps', () => {
  const queue = new EventQueue(startMs, 1)
  const machine = machineOf(queue)
  queue.passTo(startMs + 1000)
  machine.step(-60_000, 'unsynced')
  expect(machine.wallMs()).toBe(startMs + 1000 + 250 - 60_000)
  expect(machine.monotonicMs()).toBe(1000)
  expect(machine.syncState).toBe('unsynced')
})

test('after a reboot monotonic time begins anew under another boot id', () => {
  const queue = new EventQueue(startMs, 1)
  const machine = machineOf(queue)
  queue.passTo(startMs + 5000)
  machine.reboot('1'.repeat(32), 'unknown')
  queue.passTo(startMs + 5700)
  expect(machine.monotonicMs()).toBe(700)
  expect(new ProcessClock(machine, queue, 'node').bootId).toBe('1'.repeat(32))
})

test.each([-100, 0, 100])('with clocks %d ppm fast a timer never fires before its time on the machine', (fastPpm) => {
  const queue = new EventQueue(startMs, 1)
  const machine = machineOf(queue, fastPpm)
  const clock = new ProcessClock(machine, queue, 'node')
  let firedAtMs = -1
  clock.after(123_457, () => {
    firedAtMs = clock.monotonicMs()
  })
  queue.take(Infinity)?.run()
  expect(firedAtMs).toBeGreaterThanOrEqual(123_457)
  expect(firedAtMs).toBeLessThanOrEqual(123_459)
})

test('the timers of a killed process never fire, and it gets no new ones', () => {
  const queue = new EventQueue(startMs, 1)
  const clock = new ProcessClock(machineOf(queue), queue, 'node')
  const fired: string[] = []
  clock.after(10, () => fired.push('before'))
  clock.kill()
  clock.after(10, () => fired.push('after'))
  expect(queue.take(Infinity)).toBeUndefined()
  expect(fired).toEqual([])
})

test('a process can be made to die at a later call to the outside, once', () => {
  const queue = new EventQueue(startMs, 1)
  let deaths = 0
  const life = new ProcessLife(
    () => {
      deaths += 1
    },
    () => undefined,
  )
  const clock = new MortalClock(new ProcessClock(machineOf(queue), queue, 'node'), life)
  life.dieAtCall(3)
  clock.wallMs()
  clock.monotonicMs()
  expect(life.alive).toBe(true)
  clock.wallMs()
  clock.wallMs()
  expect(life.alive).toBe(false)
  expect(deaths).toBe(1)
})

test('whatever a process asks of the world after the step in which it died is reported, port by port', () => {
  const queue = new EventQueue(startMs, 1)
  const zombies: string[] = []
  const life = new ProcessLife(
    () => undefined,
    (call) => zombies.push(call),
  )
  const processClock = new ProcessClock(machineOf(queue), queue, 'node')
  const clock = new MortalClock(processClock, life)
  const random = mortalRandom(seededRandom('zombie'), life)
  const askEverything = (): void => {
    clock.wallMs()
    clock.monotonicMs()
    clock.after(1, () => zombies.push('a timer of a dead process fires'))
    random.bytes(1)
    random.below(2)
    random.fraction()
  }
  askEverything()
  life.die()
  processClock.kill()
  // The code runs on to the end of the step it died in, which nobody can keep it from.
  askEverything()
  expect(zombies).toEqual([])
  life.bury()
  askEverything()
  expect(zombies).toEqual([
    'reads the wall clock',
    'reads the monotonic clock',
    'sets a timer',
    'draws random bytes',
    'draws a random number',
    'draws a random number',
  ])
  expect(queue.take(Infinity)).toBeUndefined()
})
