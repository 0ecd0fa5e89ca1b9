import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { expect, test } from 'vitest'
import { noActorFaults } from '../../faults/actor-faults.ts'
import type { ActorFaults } from '../../faults/actor-faults.ts'
import type { FaultKind } from '../../faults/fault-counts.ts'
import { noFaults } from '../../faults/fault-plan.ts'
import { runWorld } from '../run-world.ts'
import type { WorldOptions } from '../world-options.ts'

const options = (seed: string, actors: Partial<ActorFaults>): WorldOptions => ({
  seed,
  hours: 0.5,
  publishesPerDevice: 10,
  faults: {
    ...noFaults,
    device: { ...noFaults.device, throughBothAgents: 100, lateRepeats: 50 },
    actors: { ...noActorFaults, ...actors },
  },
})

const cases: readonly (readonly [string, Partial<ActorFaults>, FaultKind])[] = [
  ['copy', { clonesAgent: true }, 'agent-cloned'],
  ['image', { restoresAgent: true }, 'agent-thrown-back'],
  ['swap', { restoresAggregator: true }, 'aggregator-thrown-back'],
  ['books', { restoresAggregator: true }, 'books-swapped-silently'],
  ['rogue', { byzantineAgent: true }, 'byzantine-act'],
]

test.each(cases)('%s: what it costs is bounded and named, and everything drains', async (seed, actors, kind) => {
  const { violations, faults, statistics } = await runWorld(options(seed, actors))
  expect(violations.map(({ invariant, message }) => `${invariant} ${message}`)).toEqual([])
  expect(faults[kind]).toBeGreaterThan(0)
  expect(statistics.charged).toBeGreaterThan(50)
})

test('books that forget what is known against a rogue are found', async () => {
  const forget = (file: string): void => {
    const db = openDatabase({ file })
    db.exec('DROP TRIGGER IF EXISTS evidence_no_delete; DELETE FROM evidence')
    db.close()
  }
  const { violations } = await runWorld({
    ...options('rogue', { byzantineAgent: true }),
    tampering: { aggregatorFile: { when: 'at rest', change: forget } },
    endsAt: ({ message }) => message.includes('no evidence'),
  })
  expect(violations.map(({ message }) => message).join()).toMatch(
    /rogue was refused for \w+, and no evidence of it is kept/,
  )
})
