import { describe, expect, test } from 'vitest'
import { snapshotHash } from '@meterline/shared/model/snapshot.ts'
import { snapshotFeature, type SnapshotMessage } from '@meterline/shared/wire/messages.ts'
import { agentKey, aggregatorKey, Story } from './compose-for-tests.ts'
import { ScriptedLog } from './domain/testing/scripted-log.ts'
import { bytePrice, flatPlan, SnapshotShelf, type ShelfContent } from './flow/testing/snapshot-shelf.ts'

const always = { fromMs: 0, toMs: null }
const cheap = bytePrice('a', '0.002')
const dear = bytePrice('b', '0.003')

function content(version: number, changes: Partial<ShelfContent> = {}): ShelfContent {
  return { version, prices: [cheap], plans: [flatPlan('basic', cheap)], ...changes }
}

/** An agent whose aggregator offers a snapshot at each hello that names another one. */
class SnapshotStory extends Story {
  readonly shelf = new SnapshotShelf(aggregatorKey.privatePem)
  offered: SnapshotMessage

  constructor(first: ShelfContent = content(7)) {
    super()
    this.offered = this.shelf.offer(first)
    this.shelf.subjects.set('dev-1', [{ plan: 'basic', ...always }])
    this.aggregator.features = [snapshotFeature]
    this.aggregator.onRequest = this.shelf.answer
    this.aggregator.onWelcome = ({ snapshotHash: held }) =>
      Buffer.compare(held, snapshotHash(this.offered.bytes)) === 0 ? [] : [this.offered]
  }

  /** Puts another snapshot in force and tells the agent so. */
  offer(next: ShelfContent): void {
    this.offered = this.shelf.offer(next)
    this.aggregator.say(this.offered)
  }

  get prerated(): (bigint | null)[] {
    return this.aggregator.units.map((unit) => unit.records[0]?.preratedMicros ?? null)
  }
}

async function started(first?: ShelfContent): Promise<SnapshotStory> {
  const story = new SnapshotStory(first)
  await story.start()
  story.run(100)
  return story
}

/** Publishes so that the first event of a subject and its answer lie before the next. */
function publish(story: SnapshotStory, id: string, quantity = 1): void {
  story.publish(id, quantity)
  story.run(300)
}

describe('a snapshot', () => {
  test('is put together from its parts, kept over a crash with what is known of subjects, and named in the next hello', async () => {
    const story = await started()
    publish(story, 'e1', 2)
    publish(story, 'e2', 3)
    await story.crash()
    // Before the aggregator can have said anything.
    story.publish('e3', 4)
    story.run(1000)
    expect(story.prerated).toEqual([null, 6000n, 8000n])
    expect(story.aggregator.hellos.at(-1)?.snapshotHash).toEqual(snapshotHash(story.offered.bytes))
    expect(await story.agent.status()).toMatchObject({
      snapshot: { version: 7 },
      subjects: { bound: 1, unknown: 0, wanted: 0 },
    })
    expect(story.shelf.askedParts).toHaveLength(3)
    expect(story.shelf.askedSubjects).toEqual(['dev-1'])
  })

  test('that changes a little takes the changed part only, and no subject is asked about again', async () => {
    const story = await started(content(7, { prices: [cheap, dear] }))
    publish(story, 'e1')
    const before = story.shelf.askedParts.length
    story.offer(content(8, { prices: [cheap, dear], plans: [flatPlan('basic', dear)] }))
    story.run(100)
    publish(story, 'e2')
    expect(story.shelf.askedParts.length - before).toBe(1)
    expect(story.prerated).toEqual([null, 3000n])
    expect(story.shelf.askedSubjects).toEqual(['dev-1'])
  })

  test('goes on where the link broke: parts that came are not asked for again', async () => {
    const prices = Array.from({ length: 12 }, (_, index) => bytePrice((index % 12).toString(16), '1'))
    const story = new SnapshotStory(content(7, { prices, plans: [flatPlan('basic', prices[0] ?? cheap)] }))
    let answered = 0
    story.aggregator.onRequest = (request) => {
      answered += 1
      return answered > 1 && answered < 3 ? [] : story.shelf.answer(request)
    }
    await story.start()
    story.run(100)
    expect((await story.agent.status()).snapshot).toBeNull()
    story.aggregator.breakLink()
    story.run(5000)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 7 })
    expect(new Set(story.shelf.askedParts).size).toBe(14)
    expect(story.shelf.askedParts).toHaveLength(14)
  })

  test('is not asked for where the aggregator does not take requests', async () => {
    const story = new SnapshotStory()
    story.aggregator.features = []
    await story.start()
    publish(story, 'e1')
    expect(story.aggregator.requests).toEqual([])
    expect(story.aggregator.hellos[0]?.features).toContain(snapshotFeature)
  })

  const stranger = new SnapshotShelf(agentKey.privatePem)
  const shelf = new SnapshotShelf(aggregatorKey.privatePem)
  test.each([
    ['signed by somebody else', stranger.offer(content(8))],
    ['older than the one in force', shelf.offer(content(6))],
    ['of another tenant', shelf.offer(content(8, { tenant: 'other' }))],
  ])('is refused when %s', async (_name, bad) => {
    const story = await started()
    const before = story.aggregator.requests.length
    story.aggregator.say(bad)
    story.run(100)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 7 })
    expect(story.aggregator.requests).toHaveLength(before)
  })

  test('is refused when a plan names a price that is not in it, and a later one is taken', async () => {
    const story = await started()
    story.offer(content(8, { prices: [], plans: [flatPlan('basic', cheap)] }))
    story.run(100)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 7 })
    story.offer(content(9))
    story.run(100)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 9 })
  })

  test('that is overtaken by a newer one leaves its place to it', async () => {
    const story = await started()
    story.aggregator.onRequest = () => []
    story.offer(content(8, { prices: [dear], plans: [flatPlan('basic', dear)] }))
    story.run(50)
    story.aggregator.onRequest = story.shelf.answer
    const last = bytePrice('c', '0.004')
    story.offer(content(9, { prices: [last], plans: [flatPlan('basic', last)] }))
    story.run(100)
    publish(story, 'e1')
    publish(story, 'e2')
    expect(story.prerated).toEqual([null, 4000n])
    await story.crash()
    story.run(100)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 9 })
  })

  test('of a lower version is taken after a declared restore, and so is what is said of subjects then', async () => {
    const story = await started(content(9))
    publish(story, 'e1')
    const log = new ScriptedLog(aggregatorKey.privatePem).growTo(5)
    story.aggregator.goBackTo(0)
    story.aggregator.restore = log.restoreTo(0)
    story.aggregator.generation = log.generation
    story.offered = story.shelf.offer(content(3, { bindingsHash: 'b3'.repeat(32) }))
    story.aggregator.breakLink()
    story.run(60_000)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 3 })
    publish(story, 'e2')
    expect(story.shelf.askedSubjects).toEqual(['dev-1', 'dev-1'])
    expect((await story.agent.status()).subjects).toMatchObject({ bound: 1, wanted: 0 })
  })

  test('bytes that nobody asked for are no part of anything', async () => {
    const story = await started()
    story.aggregator.say({ kind: 'snapshot-part', bytes: Buffer.from('{}') })
    story.run(100)
    expect((await story.agent.status()).snapshot).toMatchObject({ version: 7 })
  })
})

describe('a subject', () => {
  test('that nobody knows is asked about once, and again when bindings have changed', async () => {
    const story = await started()
    story.shelf.subjects.clear()
    publish(story, 'e1')
    publish(story, 'e2')
    expect(story.shelf.askedSubjects).toEqual(['dev-1'])
    expect((await story.agent.status()).subjects).toEqual({ bound: 0, unknown: 1, wanted: 0 })
    story.shelf.subjects.set('dev-1', [{ plan: 'basic', ...always }])
    story.offer(content(8, { bindingsHash: 'b1'.repeat(32) }))
    story.run(100)
    publish(story, 'e3')
    publish(story, 'e4')
    expect(story.prerated).toEqual([null, null, null, 2000n])
    expect(story.shelf.askedSubjects).toEqual(['dev-1', 'dev-1'])
  })

  test('keeps its old bindings until the new ones come', async () => {
    const plans = [flatPlan('basic', cheap), flatPlan('large', dear)]
    const story = await started(content(7, { prices: [cheap, dear], plans }))
    publish(story, 'e1')
    story.shelf.subjects.set('dev-1', [{ plan: 'large', ...always }])
    story.offer(content(8, { prices: [cheap, dear], plans, bindingsHash: 'b1'.repeat(32) }))
    story.run(100)
    publish(story, 'e2')
    publish(story, 'e3')
    expect(story.prerated).toEqual([null, 2000n, 3000n])
  })

  test('seen while there is no session is asked about in the next one', async () => {
    const story = await started()
    story.aggregator.breakLink()
    story.publish('e1')
    story.run(5000)
    expect(story.shelf.askedSubjects).toEqual(['dev-1'])
    publish(story, 'e2')
    expect(story.prerated).toEqual([null, 2000n])
  })

  const stranger = new SnapshotShelf(agentKey.privatePem)
  const otherTenant = new SnapshotShelf(aggregatorKey.privatePem)
  otherTenant.tenant = 'other'
  otherTenant.version = 7
  const older = new SnapshotShelf(aggregatorKey.privatePem)
  older.version = 6
  const current = new SnapshotShelf(aggregatorKey.privatePem)
  current.version = 7
  test.each([
    ['signed by somebody else', stranger.tell(['dev-1'])],
    ['of another tenant', otherTenant.tell(['dev-1'])],
    ['of an older version', older.tell(['dev-1'])],
    ['about somebody else', current.tell(['dev-1', 'dev-2'])],
    ['about nobody', current.tell([])],
    ['of other bytes', { ...current.tell(['dev-1']), bytes: Buffer.from('{}') }],
  ])('is not bound by an answer %s, which is not asked for again before the next session', async (_what, bad) => {
    const story = await started()
    story.aggregator.onRequest = () => [bad]
    publish(story, 'e1')
    publish(story, 'e2')
    expect(story.aggregator.requests.filter(({ kind }) => kind === 'subject-request')).toHaveLength(1)
    story.aggregator.onRequest = story.shelf.answer
    story.aggregator.breakLink()
    story.run(5000)
    publish(story, 'e3')
    expect(story.prerated).toEqual([null, null, 2000n])
  })

  test('an answer that nobody asked for binds nobody', async () => {
    const story = await started()
    story.aggregator.say(story.shelf.tell(['dev-1']))
    story.run(100)
    expect((await story.agent.status()).subjects).toEqual({ bound: 0, unknown: 0, wanted: 0 })
  })
})
