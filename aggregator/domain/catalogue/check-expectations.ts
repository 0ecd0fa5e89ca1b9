import { namesOf, unknownName } from './check-references.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'

/** Everything an expectation names exists, and it ends after it begins. */
export function checkExpectations(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const meters = namesOf(draft.declared.meters)
  const subscriptions = namesOf(draft.declared.subscriptions)
  const listing = new Map(draft.subscriptions.map(({ value }) => [value.id, value.subjects !== null]))
  for (const { value, index } of draft.expectations) {
    const path = ['expectations', index]
    if (value.meter !== null) problems.push(...unknownName(value.meter, meters, 'meter', [...path, 'meter']))
    if (value.subscription !== null) {
      const at = [...path, 'subscription']
      problems.push(...unknownName(value.subscription, subscriptions, 'subscription', at))
      if (listing.get(value.subscription) === false) {
        const message = `is ${value.subscription}, which lists no subjects to watch`
        problems.push(problem(at, message, 'name the subscription of a customer or fleet'))
      }
    }
    if (value.fromMs !== null && value.toMs !== null && value.toMs <= value.fromMs) {
      problems.push(problem([...path, 'to'], 'is not after from; the end is exclusive'))
    }
  }
  return problems
}
