import { expect, test } from 'vitest'
import { sampleFile, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import { checkAllowances } from './check-allowances.ts'
import { draftOf } from './draft.ts'
import { suggestionFor } from './problem.ts'

type Json = Record<string, unknown>

const included: Json = { id: 'included', meter: 'messages', quantity: 100 }

/** The sample with allowances in the offering that customers buy. */
function tenant(allowances: readonly Json[], more: SampleJson = {}, offering: Json = {}): SampleJson {
  const json = { ...sampleJson(), ...more }
  const offerings = json['offerings'] as readonly Json[]
  return {
    ...json,
    offerings: offerings.map((each) => (each['id'] === 'tracker' ? { ...each, allowances, ...offering } : each)),
  }
}

function problems(json: SampleJson): readonly string[] {
  return checkAllowances(draftOf(sampleFile(json))).map((found) => {
    const suggestion = suggestionFor(found)
    return `${found.path.join('.')} ${found.message}${suggestion === undefined ? '' : `; ${suggestion}`}`
  })
}

const atomic = {
  ...included,
  prices: [
    ...(sampleJson()['prices'] as readonly Json[]),
    { id: 'calls', meter: 'unpriced', model: 'package', size: 10, amount: '1', each: 'event' },
  ],
}

test('an allowance for a meter that is priced by quantity is fine', () => {
  expect(problems(tenant([included, { ...included, id: 'data', meter: 'data.bytes' }]))).toEqual([])
  expect(problems(sampleJson())).toEqual([])
})

test.each([
  {
    name: 'a meter there is not',
    json: tenant([{ ...included, meter: 'mesages' }]),
    says: 'offerings.0.allowances.0.meter is mesages, but there is no such meter; did you mean messages?',
  },
  {
    name: 'a meter without a price in the version',
    json: tenant(
      [included],
      {},
      { versions: [{ from: '2027-01-01', prices: ['retail-data'], allowances: [included] }] },
    ),
    says: 'offerings.0.versions.0.allowances.0.meter is messages, which this version has no price for; add a price for it, or remove the allowance',
  },
  {
    name: 'an id used twice',
    json: tenant([included, included]),
    says: 'offerings.0.allowances.1.id is included, listed twice in this version; choose another id',
  },
  {
    name: 'a price that adds up whole events',
    json: tenant([{ ...included, meter: 'unpriced' }], { prices: atomic.prices }, { prices: ['calls', 'retail-data'] }),
    says: 'offerings.0.allowances.0.meter is unpriced, but its price calls adds up whole events, so that nobody can say what some of the units cost; price it by quantity, such as per-unit or graduated',
  },
  {
    name: 'a change of the price to one that does',
    json: tenant([included], {
      prices: (sampleJson()['prices'] as readonly Json[]).map((price) =>
        price['id'] === 'retail-message'
          ? { ...price, changes: [{ from: '2027-01-01', model: 'package', size: 10, amount: '1', each: 'event' }] }
          : price,
      ),
    }),
    says: 'offerings.0.allowances.0.meter is messages, but its price retail-message adds up whole events, so that nobody can say what some of the units cost; price it by quantity, such as per-unit or graduated',
  },
])('refuses $name', ({ json, says }) => {
  expect(problems(json)).toEqual([says])
})

test('what an allowance counts is stated by every subscription that has it', () => {
  const json = tenant([{ ...included, each: { quantity: 'sims' } }])
  expect(problems(json)).toEqual(
    ['subscriptions.0', 'subscriptions.1', 'subscriptions.2'].map(
      (place) =>
        `${place} states no quantity sims, which the allowance included of tracker (version first) counts; add quantities: { sims: 1 } with how many it has`,
    ),
  )
  const subscriptions = (json['subscriptions'] as readonly Json[]).map((each) => ({ ...each, quantities: { sims: 2 } }))
  expect(problems({ ...json, subscriptions })).toEqual([])
})
