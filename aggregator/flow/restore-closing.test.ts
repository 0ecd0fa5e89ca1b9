import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Result } from '@meterline/shared/base/errors.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { aiCall, balance, dayMs, july, noKey } from './testing/billed-tenant.ts'
import { RestorableTenant } from './testing/restorable-tenant.ts'

const june = july - 10 * dayMs
let acme: RestorableTenant
beforeEach(() => {
  acme = new RestorableTenant()
})
afterEach(() => acme.remove())

async function ask<Value>(command: Promise<Result<Value>>): Promise<Value> {
  const answered = await acme.running.clock.until(command)
  if (!answered.ok) throw new Error(answered.fault.message)
  return answered.value
}

/** Every document with what has to be paid by it. */
function documents(): readonly string[] {
  return acme.running.service.store.documents.list(null).map(({ number, total }) => `${number} ${total}`)
}

function usedData(id: string, quantity: bigint): void {
  acme.use(usageEvent({ id, timeMs: june, measured: [{ meter: 'data.bytes', quantity }] }))
}

test('books restored to the middle of a closing bill every line once, under numbers that nobody had', async () => {
  // bright waits ten days for late usage; everybody else has his document at once.
  acme.running.apply((file) => `${file}\nbillingProfiles:\n  - { id: bright, grace: 10d }\n`)
  usedData('a', 12_345_678_901n)
  acme.use(aiCall('call-1', june))
  await acme.closePeriod('2025-06')
  usedData('late-1', 5_000_000_000n)
  const backup = await acme.backup()
  const before = documents()
  const marks = acme.running.service.store.lateMarks.list()
  expect(before).toEqual(['acme-000001 49382.72', 'nordlink-000001 123456.84'])

  acme.use(aiCall('call-2', june))
  acme.running.clock.advance(11 * dayMs)
  await acme.closePeriod('2025-06')
  await ask(acme.running.commands.billCorrections('acme', {}))
  const whole = ['acme-000002 7.41', 'acme-000003 20000.00', 'nordlink-000002 50000.00']
  expect(documents()).toEqual([...before, ...whole])
  const order = { ...noKey, document: 'acme-000002', reason: 'wrong address', toCredit: false }
  await ask(acme.running.commands.documentVoid('acme', order))

  acme.stop()
  expect(acme.restore(backup)).toMatchObject({ ok: true, value: { lost: { closedPeriods: ['2025-06'] } } })
  const { service, commands } = acme.start()
  expect(service.store.lateMarks.list()).toEqual(marks)
  expect(service.store.documents.periods()).toMatchObject([{ key: '2025-06', state: 'closing' }])
  // With the next batch the agent sends again what was lost.
  acme.use(aiCall('july', july + dayMs))
  await acme.closePeriod('2025-06')
  await ask(commands.billCorrections('acme', {}))
  const again = ['acme-000004 7.41', 'acme-000005 20000.00', 'nordlink-000003 50000.00']
  expect(documents()).toEqual([...before, ...again])
  expect(service.store.lateMarks.list()).toEqual([])
  expect(balance(acme.running, 'receivable:bright')).toBe(7_410_000n)
  expect(balance(acme.running, 'receivable:nordlink')).toBe(69_382_720_000n)
  await ask(commands.documentVoid('acme', { ...order, document: 'acme-000004' }))
  expect(documents().at(-1)).toBe('acme-cn-000002 -7.41')
  expect(acme.problems()).toEqual([])
})
