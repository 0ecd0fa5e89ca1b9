import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'

test('both readings are integers of the right size', () => {
  const clock = systemClock()
  const before = Date.now()
  const wallMs = clock.wallMs()
  expect(Number.isSafeInteger(wallMs)).toBe(true)
  expect(wallMs).toBeGreaterThanOrEqual(before)
  expect(Number.isSafeInteger(clock.monotonicMs())).toBe(true)
})

test('monotonic time counts from the same origin in every clock of a machine, and never falls', () => {
  const first = systemClock()
  const second = systemClock()
  const sinceBootMs = Number(process.hrtime.bigint() / 1_000_000n)
  expect(Math.abs(first.monotonicMs() - sinceBootMs)).toBeLessThan(1_000)
  expect(Math.abs(first.monotonicMs() - second.monotonicMs())).toBeLessThan(1_000)
  let last = first.monotonicMs()
  for (let reading = 0; reading < 10_000; reading++) {
    const now = first.monotonicMs()
    expect(now).toBeGreaterThanOrEqual(last)
    last = now
  }
})

test('the boot has a stable identity of 32 hexadecimal digits', () => {
  const { bootId } = systemClock()
  expect(bootId).toMatch(/^[0-9a-f]{32}$/)
  if (process.platform === 'linux') {
    const kernels = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim().replaceAll('-', '')
    expect(bootId).toBe(kernels)
  }
})

test('the synchronisation state is one of the three', () => {
  const clock = systemClock()
  expect(['unknown', 'synced', 'unsynced']).toContain(clock.syncState())
  expect(clock.syncState()).toBe(clock.syncState())
})

test('a timer runs once, later, and not at all when cancelled', async () => {
  const clock = systemClock()
  const ran: string[] = []
  await new Promise<void>((resolve) => {
    const cancelled = clock.after(1, () => ran.push('cancelled'))
    clock.after(1, () => ran.push('first'))
    clock.after(30, resolve)
    cancelled.cancel()
    cancelled.cancel()
    expect(ran).toEqual([])
  })
  expect(ran).toEqual(['first'])
})

test('a delay beyond the runtime’s longest timer does not fire at once', async () => {
  const clock = systemClock()
  const ran: string[] = []
  const far = clock.after(2 ** 31 + 5, () => ran.push('far'))
  await new Promise<void>((resolve) => clock.after(20, resolve))
  far.cancel()
  expect(ran).toEqual([])
  expect(() => clock.after(-1, () => ran.push('past'))).toThrow('cannot wait')
})
