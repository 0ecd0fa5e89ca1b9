import { randomBytes } from 'node:crypto'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { parseTenantFile } from '@meterline/aggregator/catalogue-files/parse-tenant-file.ts'
import type { TenantFile } from '@meterline/aggregator/domain/catalogue/tenant-file.ts'
import { priceModels } from '@meterline/shared/rating/price.ts'
import { expect, test } from 'vitest'
import { drawCatalogueChanges } from './catalogue-changes.ts'
import { drawTenant } from './draw-tenant.ts'
import { tenantFileText } from './tenant.ts'
import type { WorldTenant } from './tenant.ts'

const startMs = Date.UTC(2026, 4, 31, 23, 50)
const stormMs = 3_600_000
const first = randomBytes(4).toString('hex')
const drawn: readonly (readonly [string, WorldTenant])[] = Array.from({ length: 60 }, (_, index) => {
  const seed = `${first}-${index}`
  return [seed, drawTenant(seededRandom(seed), startMs)]
})

test('the product takes every tenant that is drawn, and every change to it', () => {
  for (const [seed, tenant] of drawn) {
    const changes = drawCatalogueChanges(seededRandom(`${seed} changes`), tenant, stormMs)
    let before: TenantFile | null = null
    for (const [index, plan] of [tenant.plan, ...changes.map((change) => change.plan)].entries()) {
      const parsed = parseTenantFile('world.yaml', tenantFileText(plan, [], index + 1), before)
      expect({ seed, index, mistakes: parsed.ok ? [] : parsed.mistakes }).toEqual({ seed, index, mistakes: [] })
      if (parsed.ok) before = parsed.value
    }
  }
})

test('every change list subscribes the latecomer', () => {
  for (const [seed, tenant] of drawn) {
    const last = drawCatalogueChanges(seededRandom(`${seed} changes`), tenant, stormMs).at(-1)?.plan
    const subjects = last?.subscriptions.flatMap((subscription) => subscription.subjects ?? [])
    expect({ seed, subjects }).toMatchObject({ subjects: expect.arrayContaining([tenant.latecomer]) as string[] })
  }
})

test('trees differ: one to four levels, several resellers, one or two partners, other currencies', () => {
  const plans = drawn.map(([, tenant]) => tenant.plan)
  const depthOf = (parents: ReadonlyMap<string, string>, id: string): number => {
    const parent = parents.get(id)
    return parent === undefined ? 0 : 1 + depthOf(parents, parent)
  }
  const depths = plans.map(({ accounts }) => {
    const parents = new Map(accounts.map(({ id, parent }) => [id, parent]))
    return Math.max(...accounts.filter(({ id }) => id !== 'brightdesk').map(({ id }) => depthOf(parents, id)))
  })
  expect([...new Set(depths)].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
  const resellers = plans.map(({ accounts }) => accounts.filter(({ kind }) => kind === 'reseller').length)
  expect(Math.max(...resellers)).toBeGreaterThan(2)
  expect([...new Set(plans.map(({ partners }) => partners.length))].toSorted((a, b) => a - b)).toEqual([1, 2])
  expect([...new Set(plans.map(({ currency }) => currency))].toSorted()).toEqual(['EUR', 'JPY', 'KWD'])
})

test('every model of prices and fees is drawn, also inside of others and from dates on', () => {
  const text = drawn
    .flatMap(([seed, tenant]) => [
      tenant.plan,
      ...drawCatalogueChanges(seededRandom(`${seed} changes`), tenant, stormMs).map(({ plan }) => plan),
    ])
    .map((plan) => tenantFileText(plan, [], 1))
    .join('\n')
  for (const model of [...priceModels, 'recurring', 'one-time']) expect(text).toContain(`"model":"${model}"`)
  for (const said of ['changes', 'versions', 'migrations', 'duration', 'above', 'block', 'freeEvents', 'minimum'])
    expect(text).toContain(`"${said}":`)
  expect(text).toMatch(/"when":\{[^}]*\},"model":"time-of-use"/)
  expect(text).toContain('"matrix":"models"')
})

test('cycles, agreements, included units, tax and shares are drawn, and dated changes of subscriptions', () => {
  const text = drawn
    .flatMap(([seed, tenant]) => [
      tenant.plan,
      ...drawCatalogueChanges(seededRandom(`${seed} changes`), tenant, stormMs).map(({ plan }) => plan),
    ])
    .map((plan) => tenantFileText(plan, [], 1))
    .join('\n')
  const billing = ['cycles:', 'billingProfiles:', 'contracts:', 'taxCodes:', '"grace":', '"progressiveAmount":']
  const agreed = ['"commitments":', '"minimums":', '"discounts":', '"overageFactor":', '"inAdvance":', '"termPeriods":']
  const included = ['"allowances":', '"rollover":', '"pool":"subtree"', '"prorate":"day"', '"prorate":"second"']
  const others = ['"pricesIncludeTax":', '"taxExemption":', '"parentPays":', '"share":', '"pauses":', '"quantities":']
  const services = [
    '"moves":[{',
    '"id":"tracker-plus"',
    '"dependsOn":',
    '"whenPaused":"stays"',
    '"only":{"region"',
    '"only":{"apn"',
  ]
  for (const said of [...billing, ...agreed, ...included, ...others, ...services]) expect(text).toContain(said)
  expect(text).toMatch(/"migrations":\[[^\]]*"offering":"tracker-plus"/)
})
