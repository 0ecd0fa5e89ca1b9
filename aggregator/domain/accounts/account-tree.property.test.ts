import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AccountDefinition } from './account-definition.ts'
import { buildAccountTree, isWithin, momentsOf, payersOf, type Account } from './account-tree.ts'

const operator = { id: 'top', name: 'Top' }

/** Fleets in a tree that is never a loop: an account only ever hangs below one of a lower number, or the operator. */
const definitions = fc
  .array(
    fc.record({
      paysItself: fc.boolean(),
      parents: fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat({ max: 30 })), { minLength: 1, maxLength: 5 }),
      sharesMeter: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map(({ paysItself, parents, sharesMeter }, number): AccountDefinition => {
      const parentOf = (draw: number): string => (draw % (number + 1) === number ? 'top' : `a${draw % (number + 1)}`)
      const moves = new Map(parents.slice(1).map(([atMs, draw]) => [atMs, parentOf(draw)]))
      return {
        id: `a${number}`,
        kind: number % 4 === 0 ? 'reseller' : 'fleet',
        parent: parentOf(parents[0]?.[1] ?? 0),
        name: `Account ${number}`,
        payer: paysItself || number % 4 === 0 ? 'self' : 'parent',
        parentPays: sharesMeter && paysItself && number % 4 !== 0 ? { meters: ['m'], share: null } : null,
        moves: [...moves].map(([atMs, parent]) => ({ atMs, parent })).toSorted((left, right) => left.atMs - right.atMs),
      }
    }),
  )

/** The ids from an account up to the operator at an instant, walked over what the file says. */
function wayByHand(all: readonly AccountDefinition[], id: string, timeMs: number): readonly string[] {
  const own = all.find((each) => each.id === id)
  if (own === undefined) return [id]
  let { parent } = own
  for (const move of own.moves) if (move.atMs <= timeMs) parent = move.parent
  return [id, ...wayByHand(all, parent, timeMs)]
}

function wayOf({ id, parent }: Account): readonly string[] {
  return parent === null ? [id] : [id, ...wayOf(parent)]
}

test('at every instant the tree is what following the moves by hand makes of it', () => {
  fc.assert(
    fc.property(definitions, fc.nat({ max: 14 }), (all, timeMs) => {
      const tree = buildAccountTree(operator, all)
      for (const { id, kind, payer } of all) {
        const way = wayByHand(all, id, timeMs)
        const account = tree.accountAt(id, timeMs)
        expect(account && wayOf(account)).toEqual(way)
        expect(account?.kind).toBe(kind)
        expect(account?.depth).toBe(way.length - 1)
        expect(account?.partition).toBe(way.at(-2))
        const above = way.slice(1).map((each) => all.find((own) => own.id === each))
        expect(account?.seller?.id).toBe(above.find((own) => own === undefined || own.kind === 'reseller')?.id ?? 'top')
        const paying = payer === 'self' ? id : above.find((own) => own === undefined || own.payer === 'self')?.id
        expect(account?.payer.id).toBe(paying ?? 'top')
        expect(way.every((each) => account !== undefined && isWithin(account, each))).toBe(true)
        // Who pays for anything of an account is the account or somebody above it.
        if (account !== undefined) expect(payersOf(account).every((each) => way.includes(each.id))).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

test('the places of an account are contiguous, and each begins where it or something above it moves', () => {
  fc.assert(
    fc.property(definitions, (all) => {
      const tree = buildAccountTree(operator, all)
      const moments = new Set(momentsOf(all))
      for (const { id } of all) {
        const places = tree.placesOf(id)
        expect(places[0]?.fromMs).toBe(-Infinity)
        expect(places.at(-1)?.toMs).toBe(Infinity)
        places.slice(1).forEach(({ fromMs, account }, place) => {
          expect(places[place]?.toMs).toBe(fromMs)
          expect(moments.has(fromMs)).toBe(true)
          expect(tree.accountAt(id, fromMs)).toBe(account)
          expect(tree.accountAt(id, fromMs - 1)).toBe(places[place]?.account)
        })
      }
    }),
    { numRuns: 200 },
  )
})
