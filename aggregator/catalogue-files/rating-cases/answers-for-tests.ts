import { expect, test } from 'vitest'
import { rateCase, type CaseOutcome } from './rate-case.ts'
import { readCases } from './read-cases.ts'

/** A case as a file has it, without its name. */
export interface WrittenCase {
  readonly input: object
  readonly expected: object
  readonly source?: string
}

/** What comes of one written case. */
export function rated(model: string, written: WrittenCase): CaseOutcome {
  const cases = readCases(JSON.stringify([{ id: 'case', model, ...written }]))
  const [read] = cases.ok ? cases.value : []
  if (read === undefined) throw new Error('a written case is read')
  return rateCase(read)
}

/** All rows have the same price; each says what is used and what has to come out. */
export function rows(
  model: string,
  price: object,
  list: readonly (readonly [usage: object, expected: object])[],
  source = '',
): readonly (readonly [name: string, model: string, written: WrittenCase])[] {
  return list.map(([usage, expected]) => [
    `${model} ${JSON.stringify(usage)}`,
    model,
    { input: { ...price, ...usage }, expected, source },
  ])
}

/** One test for each row. */
export function answersComeOut(list: ReturnType<typeof rows>): void {
  test.each(list)('%s', (_, model, written) => {
    const { verdict, remark, got, expected } = rated(model, written)
    expect({ verdict, remark, got, expected }).toMatchObject({ verdict: 'ok' })
  })
}
