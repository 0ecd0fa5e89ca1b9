import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { legsOf } from './leg-index.ts'

const dayMs = 86_400_000
const startMs = Date.UTC(2026, 2, 1)

interface Drawn {
  /** Amounts of the two prices, from the day on that stands beside them; the first holds since ever. */
  readonly amounts: readonly { readonly day: number; readonly price: 'one' | 'two'; readonly amount: number }[]
  /** Days on which a version of the offering begins, with the price it lists. */
  readonly versions: readonly { readonly day: number; readonly price: 'one' | 'two' | 'none' }[]
  readonly fromDay: number
  readonly lengthDays: number | null
  /** Days on which the subscription is migrated, to the version of this place among all of them. */
  readonly migrations: readonly { readonly day: number; readonly place: number }[]
}

const day = fc.integer({ min: -20, max: 20 })
const price = fc.constantFrom('one' as const, 'two' as const)
const drawn: fc.Arbitrary<Drawn> = fc.record({
  amounts: fc.uniqueArray(fc.record({ day, price, amount: fc.integer({ min: 1, max: 9 }) }), {
    selector: (each) => `${each.day} ${each.price}`,
    maxLength: 6,
  }),
  versions: fc.uniqueArray(fc.record({ day, price: fc.oneof(price, fc.constant('none' as const)) }), {
    selector: (each) => each.day,
    maxLength: 4,
  }),
  fromDay: day,
  lengthDays: fc.option(fc.integer({ min: 1, max: 30 })),
  migrations: fc.uniqueArray(fc.record({ day: fc.integer({ min: 1, max: 40 }), place: fc.nat(4) }), {
    selector: (each) => each.day,
    maxLength: 4,
  }),
})

function instant(days: number): string {
  return new Date(startMs + days * dayMs).toISOString()
}

/** The versions in the order of time; the one that holds since ever lists the price `one`. */
function versionsOf({ versions }: Drawn): readonly { readonly day: number; readonly price: string }[] {
  return [{ day: -Infinity, price: 'one' }, ...versions.toSorted((left, right) => left.day - right.day)]
}

/** Migrations that lie within the subscription, which are those a file may hold. */
function migrationsOf(plan: Drawn): Drawn['migrations'] {
  return plan.migrations.filter((each) => plan.lengthDays === null || each.day < plan.lengthDays)
}

function json(plan: Drawn): Record<string, unknown> {
  const { amounts, fromDay, lengthDays } = plan
  const versions = versionsOf(plan)
  const named = (place: number): { readonly day: number } => versions[place % versions.length] ?? { day: -Infinity }
  const priceOf = (id: string): object => ({
    id,
    meter: 'messages',
    model: 'per-unit',
    amount: 0,
    changes: amounts
      .filter((each) => each.price === id)
      .map((each) => ({ from: instant(each.day), model: 'per-unit', amount: each.amount })),
  })
  const listed = (id: string): readonly string[] => (id === 'none' ? ['seat'] : ['seat', id])
  const seat = { id: 'seat', model: 'recurring', amount: 1 }
  const offering = {
    id: 'drawn',
    name: 'Drawn',
    prices: listed('one'),
    versions: plan.versions.map((each) => ({ from: instant(each.day), prices: listed(each.price) })),
  }
  const subscription = {
    id: 'drawn',
    account: 'brightdesk',
    offering: 'drawn',
    from: instant(fromDay),
    ...(lengthDays === null ? {} : { to: instant(fromDay + lengthDays) }),
    subjects: ['drawn-1'],
    migrations: migrationsOf(plan).map((each) => {
      const { day: versionDay } = named(each.place)
      return { at: instant(fromDay + each.day), version: versionDay === -Infinity ? 'first' : instant(versionDay) }
    }),
  }
  const sample = sampleJson()
  return {
    ...sample,
    prices: [...(sample['prices'] as object[]), priceOf('one'), priceOf('two'), seat],
    offerings: [...(sample['offerings'] as object[]), offering],
    subscriptions: [...(sample['subscriptions'] as object[]), subscription],
  }
}

/** What one message costs on a day, worked out from the plan by hand; why it cannot be charged where it cannot. */
function expected(plan: Drawn, onDay: number): string {
  const { amounts, fromDay, lengthDays } = plan
  const versions = versionsOf(plan)
  const everSold = new Set<string>()
  let version = versions.findLast((each) => each.day <= fromDay)
  everSold.add(version?.price ?? '')
  const migrations = migrationsOf(plan).toSorted((left, right) => left.day - right.day)
  for (const migration of migrations) {
    const next = versions[migration.place % versions.length]
    everSold.add(next?.price ?? '')
    if (fromDay + migration.day <= onDay) version = next
  }
  if (everSold.size === 1 && everSold.has('none')) return 'no_price'
  if (onDay < fromDay || (lengthDays !== null && onDay >= fromDay + lengthDays)) return 'subscription_not_active'
  if (version === undefined || version.price === 'none') return 'no_price'
  const { price: sold } = version
  const changes = amounts.filter((each) => each.price === sold && each.day <= onDay)
  const latest = changes.toSorted((left, right) => left.day - right.day).at(-1)
  return String(latest?.amount ?? 0)
}

test('usage of every day is charged as the plan read by hand says', () => {
  fc.assert(
    fc.property(drawn, (plan) => {
      const catalogue = sampleCatalogue(json(plan))
      const subscription = catalogue.subscriptions.get('drawn')
      const days = Array.from({ length: 90 }, (_, index) => index - 30)
      const charged = days.map((each) => {
        const found = legsOf(catalogue, 'drawn-1', 'messages', startMs + each * dayMs)
        if (!found.ok) return found.fault.code
        const terms = subscription?.pricesById.get(found.value[0]?.priceId ?? '')?.terms
        return terms !== undefined && 'amount' in terms ? terms.amount : 'no terms'
      })
      expect(charged).toEqual(days.map((each) => expected(plan, each)))
    }),
    { numRuns: 150 },
  )
})

test('versions cover the whole time of a subscription, one after the other', () => {
  fc.assert(
    fc.property(drawn, (plan) => {
      const subscription = sampleCatalogue(json(plan)).subscriptions.get('drawn')
      const versions = subscription?.versions ?? []
      expect(versions[0]?.fromMs).toBe(subscription?.fromMs)
      expect(versions.at(-1)?.toMs).toBe(subscription?.toMs)
      versions.forEach(({ fromMs, toMs }, place) => {
        expect(toMs).toBeGreaterThan(fromMs)
        if (place > 0) expect(versions[place - 1]?.toMs).toBe(fromMs)
      })
    }),
    { numRuns: 150 },
  )
})
