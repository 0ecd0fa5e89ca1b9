import { expect, test } from 'vitest'
import { FaultError } from './errors.ts'
import { Lifecycle } from './lifecycle.ts'

test('parts close last opened first, each after the one before has finished', async () => {
  const lifecycle = new Lifecycle()
  const closed: string[] = []
  lifecycle.opened('journal', () => {
    closed.push('journal')
  })
  lifecycle.opened('uplink', async () => {
    await Promise.resolve()
    closed.push('uplink')
  })
  lifecycle.opened('door', () => {
    closed.push('door')
  })
  await lifecycle.close()
  expect(closed).toEqual(['door', 'uplink', 'journal'])
})

test('a part that fails to close keeps no other open and is named', async () => {
  const lifecycle = new Lifecycle()
  const closed: string[] = []
  const cause = new Error('device busy')
  lifecycle.opened('journal', () => {
    closed.push('journal')
  })
  lifecycle.opened('socket', () => Promise.reject(cause))
  lifecycle.opened('door', () => {
    throw new Error('still in use')
  })
  const failure = await lifecycle.close().catch((error: unknown) => error)
  expect(closed).toEqual(['journal'])
  expect(failure).toBeInstanceOf(FaultError)
  expect(failure).toMatchObject({
    fault: { code: 'close_failed' },
    message: 'could not be closed cleanly: door: still in use; socket: device busy',
  })
})

test('closing twice closes once', async () => {
  const lifecycle = new Lifecycle()
  let closes = 0
  lifecycle.opened('part', () => {
    closes++
  })
  const first = lifecycle.close()
  expect(lifecycle.close()).toBe(first)
  await first
  expect(closes).toBe(1)
  await new Lifecycle().close()
})

test('opening a part while closing is a bug', async () => {
  const lifecycle = new Lifecycle()
  await lifecycle.close()
  expect(() => lifecycle.opened('late', () => {})).toThrow('late was opened while everything was being closed')
})
