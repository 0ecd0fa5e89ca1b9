import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCheckpoint } from '@meterline/shared/integrity/checkpoint.ts'
import { verifyConsistency } from '@meterline/shared/integrity/merkle.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { checkpointFeature } from '@meterline/shared/wire/messages.ts'
import type { CheckpointMessage, HeldCheckpoint } from '@meterline/shared/wire/messages.ts'
import { logOrigin } from '@meterline/shared/model/log-origin.ts'
import type { Connection } from './fixtures/connection.ts'
import { RestorableTenant } from './testing/restorable-tenant.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { dearerInput } from './fixtures/tenant-file.ts'

let acme: RestorableTenant
beforeEach(() => {
  acme = new RestorableTenant()
})
afterEach(() => acme.remove())

/** A session of the agent, which holds a checkpoint and takes newer ones. */
function open(checkpoint: HeldCheckpoint | null, features: readonly string[] = [checkpointFeature]): Connection {
  const connection = acme.running.connect()
  connection.session.onMessage(acme.agent.hello({ features, checkpoint }))
  return connection
}

/** Signs the head of the log, and says what an agent that has it holds. */
function seal(): HeldCheckpoint {
  const { service } = acme.running
  service.sealCheckpoint()
  const { log, generations } = service.store
  return { generation: generations.current, size: log.size, root: log.root() }
}

/** What an agent that holds something makes of a message; throws when it is not proved. */
function taken(held: HeldCheckpoint | null, message: CheckpointMessage | undefined): HeldCheckpoint {
  if (message === undefined) throw new Error('no checkpoint came')
  const { note, generation, fromSize, consistency } = message
  const opened = openCheckpoint(note, logOrigin('acme', generation), acme.signingKey.publicKeyBase64)
  if (!opened.ok) throw new Error(opened.fault.message)
  const { size, root } = opened.value
  expect(fromSize).toBe(held?.size ?? 0)
  if (held !== null) expect(verifyConsistency(fromSize, size, held.root, root, consistency)).toBe(true)
  return { generation, size, root }
}

function status(): { readonly logDispute: string | null } | undefined {
  const told = acme.running.commands.tenantStatus('acme')
  return told.ok ? told.value.agents[0] : undefined
}

describe('a session of an agent that takes checkpoints', () => {
  test('begins with the newest, and goes on with each that is sealed, always proved', () => {
    acme.use(usageEvent({ id: 'a' }))
    const first = seal()
    const connection = open(null)
    const messages = (): CheckpointMessage[] => connection.ofKind('checkpoint')
    let held = taken(null, messages()[0])
    expect(held).toEqual(first)
    for (const id of ['b', 'c', 'd']) {
      acme.use(usageEvent({ id }))
      // The earlier session of the agent ends with this one, which is told first what the agent holds already.
      const next = open(held)
      const sealed = seal()
      const [known, message, ...others] = next.ofKind('checkpoint')
      expect(others).toEqual([])
      expect(taken(held, known)).toEqual(held)
      held = taken(held, message)
      expect(held).toEqual(sealed)
    }
  })

  test('proves each from the one it sent before, and sends none twice', () => {
    acme.use(usageEvent({ id: 'a' }))
    const held = seal()
    const connection = open(held)
    acme.running.apply((file) => dearerInput(file, '2030-01-01'))
    const sealed = seal()
    seal()
    acme.running.apply()
    const last = seal()
    const [first, second, third, ...others] = connection.ofKind('checkpoint')
    expect(taken(held, first)).toEqual(held)
    expect(taken(held, second)).toEqual(sealed)
    expect(taken(sealed, third)).toEqual(last)
    expect(others).toEqual([])
  })

  test('begins without one before any is sealed', () => {
    expect(open(null).ofKind('checkpoint')).toEqual([])
  })

  test('of the first version of the protocol gets none', () => {
    seal()
    const connection = open(null, ['report'])
    acme.running.apply((file) => dearerInput(file, '2030-01-01'))
    seal()
    expect(connection.ofKind('welcome')).toMatchObject([{ features: ['report', 'checkpoint', 'snapshot-parts'] }])
    expect(connection.ofKind('checkpoint')).toEqual([])
  })
})

describe('after a restore', () => {
  test.each([
    ['held less than was kept', 0, true],
    ['held more than was kept', 1, false],
  ])('an agent that %s is told of the new generation', async (_what, whichHeld, proved) => {
    acme.use(usageEvent({ id: 'a' }))
    const held = [seal()]
    const backup = await acme.backup()
    acme.use(usageEvent({ id: 'b' }))
    held.push(seal())
    acme.stop()
    expect(acme.restore(backup)).toMatchObject({ ok: true })
    acme.start()
    // The log grows past everything that was held before.
    acme.use(usageEvent({ id: 'c' }))
    const newest = seal()
    expect(newest.size).toBeGreaterThan(held[1]?.size ?? 0)
    const own = held[whichHeld] ?? null
    const connection = open(own)
    expect(connection.ofKind('welcome')).toMatchObject([{ generation: 2 }])
    const [message] = connection.ofKind('checkpoint')
    expect(taken(proved ? own : null, message)).toEqual(newest)
    expect(newest.generation).toBe(2)
    expect(status()).toMatchObject({ logDispute: null })
  })

  test('an agent of a generation that this log does not descend from is given no proof', async () => {
    acme.use(usageEvent({ id: 'a' }))
    const older = await acme.backup()
    acme.use(usageEvent({ id: 'b' }))
    const newer = await acme.backup()
    acme.stop()
    acme.restore(older)
    acme.start()
    const held = seal()
    acme.stop()
    acme.restore(newer)
    acme.start()
    expect(held.size).toBeLessThan(newer.size)
    const [message] = open(held).ofKind('checkpoint')
    expect(message).toMatchObject({ generation: 4, fromSize: 0, consistency: [] })
    expect(status()).toMatchObject({ logDispute: null })
  })
})

describe('an agent that holds another log', () => {
  const root = new Uint8Array(32)

  test.each<[string, (newest: HeldCheckpoint) => HeldCheckpoint, RegExp]>([
    ['more of it', ({ size }) => ({ generation: 1, size: size + 5, root }), /the newest of this log has/],
    ['a later generation', ({ size }) => ({ generation: 2, size, root }), /this log is in generation 1/],
    ['another root', ({ size }) => ({ generation: 1, size, root }), /whose root is not that of the first/],
    ['another root of less', () => ({ generation: 1, size: 1, root }), /whose root is not that of the first 1 entries/],
  ])('shows in the status when it has %s, and is told what this log is', (_what, heldOf, text) => {
    acme.use(usageEvent({ id: 'a' }))
    const newest = seal()
    const connection = open(heldOf(newest))
    expect(status()?.logDispute).toMatch(text)
    expect(connection.ofKind('checkpoint')).toHaveLength(1)
    open(newest)
    expect(status()).toMatchObject({ logDispute: null })
  })

  test('is not one that holds nothing', () => {
    seal()
    open({ generation: 1, size: 0, root })
    expect(status()).toMatchObject({ logDispute: null })
  })
})

test('a damaged subtree is noticed here, before an agent takes it for another log', () => {
  acme.use(usageEvent({ id: 'a' }))
  const held = seal()
  for (let batch = 0; batch < 90; batch++) acme.use(usageEvent({ id: `b${batch}` }))
  seal()
  const db = openDatabase({ file: acme.booksFile, disk: temporaryDisk })
  expect(db.prepare('UPDATE log_node SET hash = zeroblob(32)').run().changes).toBeGreaterThan(0)
  db.close()
  acme.use(usageEvent({ id: 'last' }))
  seal()
  const connection = open({ ...held, size: 258, root: held.root })
  expect(connection.ofKind('checkpoint')).toEqual([])
  expect(acme.running.registry.failures()[0]?.reason).toContain('subtrees')
})
