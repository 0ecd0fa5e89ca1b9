import { describe, expect, test } from 'vitest'
import { assertBalanced } from '../ledger/entry.ts'
import { moveEntries, type Moves } from './moves.ts'

const parties = { seller: 'acme', buyer: 'nordlink', currency: 'EUR' }
const cases: readonly (readonly [string, Moves, readonly string[]])[] = [
  [
    'a payment of more than is owed',
    { settlements: [{ document: 'a', micros: 80n }], creditMicros: 20n, cashMicros: 100n },
    ['acme cash 100', 'acme credit_balance:nordlink -20', 'acme receivable:nordlink -80'],
  ],
  [
    'credit that is used',
    { settlements: [{ document: 'a', micros: 20n }], creditMicros: -20n, cashMicros: 0n },
    ['acme credit_balance:nordlink 20', 'acme receivable:nordlink -20'],
  ],
  [
    'money paid back',
    { settlements: [], creditMicros: -20n, cashMicros: -20n },
    ['acme cash -20', 'acme credit_balance:nordlink 20'],
  ],
  [
    'a credit note whose document was paid in part',
    {
      settlements: [
        { document: 'a', micros: 30n },
        { document: 'note', micros: -100n },
      ],
      creditMicros: 70n,
      cashMicros: 0n,
    },
    ['acme credit_balance:nordlink -70', 'acme receivable:nordlink 70'],
  ],
]

function shown(entries: ReturnType<typeof moveEntries>): readonly string[] {
  return entries.map(
    ({ entity, account, debitMicros, creditMicros }) => `${entity} ${account} ${debitMicros - creditMicros}`,
  )
}

describe('the entries of', () => {
  test.each(cases)('%s', (_what, moves, expected) => {
    const entries = moveEntries(parties, moves, false)
    assertBalanced(entries)
    expect(shown(entries)).toEqual(expected)
  })

  test.each(cases)('%s, in the books of a buyer that keeps them too', (_what, moves, expected) => {
    const entries = moveEntries(parties, moves, true)
    assertBalanced(entries)
    const mirrored = expected.map((line) => {
      const [, account = '', micros = ''] = line.split(' ')
      const own = account
        .replace('receivable:nordlink', 'payable:acme')
        .replace('credit_balance:nordlink', 'advance:acme')
      return `nordlink ${own} ${-BigInt(micros)}`
    })
    expect(shown(entries).toSorted()).toEqual([...expected, ...mirrored].toSorted())
  })
})

test('moves that do not add up are a bug', () => {
  expect(() => moveEntries(parties, { settlements: [], creditMicros: 1n, cashMicros: 2n }, false)).toThrow('not 2')
})
