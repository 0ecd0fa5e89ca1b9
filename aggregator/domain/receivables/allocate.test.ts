import { describe, expect, test } from 'vitest'
import { allocateNamed, allocateOldestFirst, mostSettlements } from './allocate.ts'
import type { Claim } from './claim.ts'

function claim(document: string, dueDay: number, grossMicros: bigint, other: Partial<Claim> = {}): Claim {
  return {
    seller: 'acme',
    buyer: 'fjord',
    currency: 'EUR',
    document,
    issuedMs: 0,
    dueMs: dueDay * 86_400_000,
    grossMicros,
    settledMicros: 0n,
    disputedMicros: 0n,
    logIndex: dueDay,
    ...other,
  }
}

const claims = [
  claim('late', 30, 50n),
  claim('paid', 1, 40n, { settledMicros: 40n }),
  claim('first', 10, 30n, { settledMicros: 10n }),
  claim('disputed', 20, 40n, { disputedMicros: 25n }),
  claim('credit', 5, -60n),
]

describe('oldest first', () => {
  test('settles as many as one decision can name, and leaves the rest of the amount over', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => claim(`acme-${index}`, index, 1n))
    const settlements = allocateOldestFirst(many, 2_000n)
    expect(settlements).toHaveLength(mostSettlements)
    expect(settlements.at(-1)).toEqual({ document: `acme-${mostSettlements - 1}`, micros: 1n })
  })

  test.each([
    [10n, [{ document: 'first', micros: 10n }]],
    [
      25n,
      [
        { document: 'first', micros: 20n },
        { document: 'disputed', micros: 5n },
      ],
    ],
    [
      200n,
      [
        { document: 'first', micros: 20n },
        { document: 'disputed', micros: 15n },
        { document: 'late', micros: 50n },
      ],
    ],
    [0n, []],
  ])('%s goes to what is due first, and not to what is disputed', (amount, expected) => {
    expect(allocateOldestFirst(claims, amount)).toEqual(expected)
  })

  test('of claims that are due on one day the one issued first', () => {
    const same = [claim('second', 3, 9n, { logIndex: 8 }), claim('first', 3, 9n, { logIndex: 7 })]
    expect(allocateOldestFirst(same, 4n)).toEqual([{ document: 'first', micros: 4n }])
  })
})

describe('by name', () => {
  test('in the order of the names, also what is disputed', () => {
    const asked = [
      { document: 'disputed', micros: null },
      { document: 'first', micros: 5n },
    ]
    expect(allocateNamed(claims, asked, 50n)).toEqual({
      ok: true,
      value: [
        { document: 'disputed', micros: 40n },
        { document: 'first', micros: 5n },
      ],
    })
  })

  test.each([
    ['a document of others', [{ document: 'other', micros: 1n }], 'document_not_owed'],
    ['one that is paid', [{ document: 'paid', micros: 1n }], 'document_settled'],
    ['a credit note', [{ document: 'credit', micros: null }], 'document_settled'],
    ['more than is open', [{ document: 'first', micros: 21n }], 'allocation_too_large'],
    ['more than the amount', [{ document: 'late', micros: 46n }], 'allocation_too_large'],
    ['nothing', [{ document: 'late', micros: 0n }], 'allocation_too_large'],
    ['one twice', [1n, 2n].map((micros) => ({ document: 'late', micros })), 'allocation_twice'],
    [
      'one for which nothing is left',
      [
        { document: 'late', micros: 45n },
        { document: 'first', micros: null },
      ],
      'allocation_too_large',
    ],
  ])('%s is refused', (_what, asked, code) => {
    expect(allocateNamed(claims, asked, 45n)).toMatchObject({ ok: false, fault: { code } })
  })
})
