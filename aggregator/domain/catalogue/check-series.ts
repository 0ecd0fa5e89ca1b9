import { sells } from '../accounts/account-tree.ts'
import type { Draft } from './draft.ts'
import { problem, type Problem } from './problem.ts'

/** What the series of a seller's credit notes and debit notes end with, behind his id. */
const noteSeries = ['-cn', '-dn'] as const

/**
 * Invoices of a seller are numbered in a series that carries his id, and his notes in series that carry it with an ending: no
 * other seller is called like one of these, or two documents would get the same number.
 */
export function checkSeries({ operator, accounts }: Draft): readonly Problem[] {
  const sellers = new Set([
    ...(operator === null ? [] : [operator.id]),
    ...accounts.filter(({ value }) => sells(value)).map(({ value }) => value.id),
  ])
  return accounts.flatMap(({ value, index }) => {
    if (!sells(value)) return []
    const other = noteSeries
      .filter((ending) => value.id.endsWith(ending))
      .map((ending) => value.id.slice(0, -ending.length))
      .find((id) => sellers.has(id))
    if (other === undefined) return []
    const message = `is ${value.id}, which is what the notes of ${other} are numbered by`
    return [problem(['accounts', index, 'id'], message, 'give it another id')]
  })
}
