import type { Intake } from '@meterline/agent/flow/ports.ts'
import { expect, test } from 'vitest'
import { groupsOf } from '../../faults/fault-groups.ts'
import { planForRun } from '../../faults/plan-for-run.ts'
import type { Violation } from '../../oracle/findings.ts'
import { runWorld } from '../run-world.ts'
import type { WorldOrder } from '../world-options.ts'
import { shrinkWorld } from './shrink-world.ts'

/** The first world of a list in which agents crash often, clocks step, and other things go wrong as well. */
const order = Array.from({ length: 200 }, (_, index): WorldOrder => {
  return { seed: `shrink-${index}`, faults: 'stream', hours: 1, publishesPerDevice: 40, without: [] }
}).find((each) => {
  const { machine } = planForRun(each)
  const crashesOften = machine.agentCrashEveryMin !== null && machine.agentCrashEveryMin <= 5
  return crashesOften && machine.clockStepEveryMin !== null && groupsOf(planForRun(each)).length > 4
})
if (order === undefined) throw new Error('no such world in the list')
const violation: Violation = { invariant: 'I7', atMs: 0, step: 0, message: 'lost' }

test('what a failure does not need goes, and what it needs stays', async () => {
  const needed: readonly string[] = ['crashes', 'clocks']
  const shrunk = await shrinkWorld({ order, violation }, (smaller) => {
    const fails = smaller.publishesPerDevice >= 5 && !smaller.without.some((group) => needed.includes(group))
    return Promise.resolve(fails ? [{ ...violation, message: `lost with ${smaller.publishesPerDevice}` }] : [])
  })
  expect(groupsOf(planForRun(shrunk.order)).toSorted()).toEqual(needed.toSorted())
  expect(shrunk.order.publishesPerDevice).toBe(5)
  expect(shrunk.order.hours).toBeLessThan(0.04)
  expect(shrunk.violation.message).toBe('lost with 5')
})

test('a failure of another invariant is another failure', async () => {
  const shrunk = await shrinkWorld({ order, violation }, ({ without }) =>
    Promise.resolve(without.length === 0 ? [] : [{ ...violation, invariant: 'I5' }]),
  )
  expect(shrunk.order).toEqual(order)
})

test('a failure that changes all the time ends after so many tries', async () => {
  let runs = 0
  const shrunk = await shrinkWorld({ order: { ...order, hours: 1e300 }, violation }, () => {
    runs += 1
    return Promise.resolve([violation])
  })
  expect(runs).toBe(shrunk.tries)
  expect(runs).toBeLessThanOrEqual(60)
})

/** A door that acknowledges every sixth delivery and forgets it: no fault is needed to see it. */
function forgetting(): (intake: Intake) => Intake {
  let deliveries = 0
  return (intake) => ({
    onRoom: (room) => intake.onRoom(room),
    onReject: (rejected) => intake.onReject(rejected),
    submit(origin, kind, payload, acknowledger, token) {
      deliveries += 1
      if (deliveries % 6 !== 0) return intake.submit(origin, kind, payload, acknowledger, token)
      acknowledger.settled(token, 'stored')
      acknowledger.flush()
      return true
    },
  })
}

test('a planted defect that needs no fault comes down to a world without any', async () => {
  const isLoss = ({ invariant }: Violation): boolean => invariant === 'I7' || invariant === 'I8'
  const run = async (smaller: WorldOrder): Promise<readonly Violation[]> =>
    (await runWorld({ ...smaller, tampering: { intake: () => forgetting() }, endsAt: isLoss })).violations
  const failing = { ...order, hours: 0.1, publishesPerDevice: 4 }
  const first = (await run(failing)).find(isLoss)
  if (first === undefined) throw new Error('the planted defect was not caught')
  const shrunk = await shrinkWorld({ order: failing, violation: first }, run)
  expect(shrunk.violation.invariant).toBe(first.invariant)
  expect(groupsOf(planForRun(shrunk.order))).toEqual([])
  expect(shrunk.order.publishesPerDevice).toBeLessThan(failing.publishesPerDevice)
  expect((await run(shrunk.order)).some(isLoss)).toBe(true)
}, 300_000)
