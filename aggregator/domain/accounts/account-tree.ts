import { assertThat } from '@meterline/shared/base/errors.ts'
import { calendarMonths, type BillingCycle } from '../periods/billing-cycle.ts'
import type { AccountDefinition, ParentPays } from './account-definition.ts'

/** The operator and resellers sell and keep books; customers and fleets use and pay. */
export type AccountKind = 'operator' | 'reseller' | 'customer' | 'fleet'

/** Somebody with a name: an account's holder or a partner. */
export interface Party {
  readonly id: string
  readonly name: string
}

/** A node of the tree with everything that follows from its place; an account that moves is another node from then on. */
export interface Account extends Party {
  readonly kind: AccountKind
  /** Null for the operator alone. */
  readonly parent: Account | null
  /** 0 for the operator. */
  readonly depth: number
  /** Who sells to it: the nearest operator or reseller above; null for the operator, who buys from partners. */
  readonly seller: Account | null
  /** Who gets its invoices: itself or the account above that pays for it. Usage may stand elsewhere: `payerOf`. */
  readonly payer: Account
  /** What of its own documents is paid by whoever pays for its parent; null: nothing. */
  readonly parentPays: ParentPays | null
  /** The child of the operator whose subtree it is in; null for the operator. */
  readonly partition: string | null
  /** Whose periods the documents it gets are for. */
  readonly cycle: BillingCycle
}

/** An account as long as it and everything above it stay where they are. */
export interface AccountPlace {
  readonly fromMs: number
  /** Exclusive; Infinity: for good. */
  readonly toMs: number
  readonly account: Account
}

export interface AccountTree {
  readonly operator: Account
  /** By id, the operator included, each where it is before any move. */
  readonly accounts: ReadonlyMap<string, Account>
  /** Where an account is over all time, contiguous from -Infinity to Infinity; empty when there is no such account. */
  placesOf(id: string): readonly AccountPlace[]
  /** An account in the place it has at an instant (epoch milliseconds). */
  accountAt(id: string, timeMs: number): Account | undefined
}

/**
 * Builds the tree of a tenant file that `checkAccounts` found nothing wrong with: parents exist and no account is ever its
 * own ancestor. `cycles` are those of accounts that have no calendar months, by the id of the account. Takes time and
 * memory linear in the accounts and in what each move takes along.
 */
export function buildAccountTree(
  operator: Party,
  definitions: readonly AccountDefinition[],
  cycles: ReadonlyMap<string, BillingCycle> = new Map(),
): AccountTree {
  const builder = new TreeBuilder(operator, definitions, cycles)
  for (const atMs of momentsOf(definitions)) builder.moveAt(atMs)
  return new GrownTree(builder)
}

class GrownTree implements AccountTree {
  readonly operator: Account
  readonly accounts: ReadonlyMap<string, Account>
  readonly #moved: ReadonlyMap<string, readonly AccountPlace[]>

  constructor({ root, accounts, moved }: TreeBuilder) {
    this.operator = root
    this.accounts = accounts
    this.#moved = moved
  }

  placesOf(id: string): readonly AccountPlace[] {
    const places = this.#moved.get(id)
    if (places !== undefined) return places
    const account = this.accounts.get(id)
    return account === undefined ? [] : [{ fromMs: -Infinity, toMs: Infinity, account }]
  }

  accountAt(id: string, timeMs: number): Account | undefined {
    const places = this.#moved.get(id)
    return places === undefined ? this.accounts.get(id) : places.findLast(({ fromMs }) => fromMs <= timeMs)?.account
  }
}

/** When accounts move, each instant once, in order of time. */
export function momentsOf(definitions: readonly AccountDefinition[]): readonly number[] {
  const moments = new Set(definitions.flatMap(({ moves }) => moves.map(({ atMs }) => atMs)))
  return [...moments].toSorted((left, right) => left - right)
}

class TreeBuilder {
  readonly root: Account
  readonly accounts = new Map<string, Account>()
  /** The places of accounts that are not always in the same one. */
  readonly moved = new Map<string, AccountPlace[]>()
  readonly #definitions: ReadonlyMap<string, AccountDefinition>
  readonly #cycles: ReadonlyMap<string, BillingCycle>
  readonly #childrenOf = new Map<string, Set<string>>()

  constructor(operator: Party, definitions: readonly AccountDefinition[], cycles: ReadonlyMap<string, BillingCycle>) {
    this.#definitions = new Map(definitions.map((definition) => [definition.id, definition]))
    this.#cycles = cycles
    for (const { id, parent } of definitions) this.#children(parent).add(id)
    const root = { ...operator, kind: 'operator', payer: 'self', parentPays: null } as const
    this.root = grown(root, null, this.#cycleOf(operator.id))
    this.accounts.set(this.root.id, this.root)
    this.#growBelow(this.root, (account) => this.accounts.set(account.id, account))
    const isWhole = this.accounts.size === definitions.length + 1
    assertThat(isWhole, 'every account of a checked tenant file hangs below its operator')
  }

  /** Moves what moves at an instant, and everything below it. Instants are given in order of time. */
  moveAt(atMs: number): void {
    const moving = new Set<string>()
    for (const { id, moves, parent } of this.#definitions.values()) {
      const place = moves.findIndex((move) => move.atMs === atMs)
      const to = moves[place]?.parent
      if (to === undefined) continue
      this.#children(moves[place - 1]?.parent ?? parent).delete(id)
      this.#children(to).add(id)
      moving.add(id)
    }
    for (const id of moving) {
      const parent = parentIdAt(this.#definitions.get(id), atMs)
      if (this.#movesAlong(parent, moving, atMs)) continue
      const above = this.#latest(parent)
      const top = this.#grow(id, above)
      this.#enter(top, atMs)
      this.#growBelow(top, (account) => this.#enter(account, atMs))
    }
  }

  /** Whether an account or one above it moves at the same instant, and takes along what hangs below it. */
  #movesAlong(id: string, moving: ReadonlySet<string>, atMs: number): boolean {
    let above = id
    for (let steps = 0; steps <= this.#definitions.size; steps++) {
      if (above === this.root.id) return false
      if (moving.has(above)) return true
      above = parentIdAt(this.#definitions.get(above), atMs)
    }
    assertThat(false, `${id} of a checked tenant file is never its own ancestor`)
  }

  #growBelow(top: Account, grew: (account: Account) => void): void {
    const open = [top]
    let left = this.#definitions.size
    for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
      for (const id of this.#children(parent.id)) {
        assertThat(left-- > 0, `${id} of a checked tenant file is never its own ancestor`)
        const account = this.#grow(id, parent)
        grew(account)
        open.push(account)
      }
    }
  }

  #grow(id: string, parent: Account): Account {
    const definition = this.#definitions.get(id)
    assertThat(definition !== undefined, `${id} is an account of the tenant file`)
    return grown(definition, parent, this.#cycleOf(id))
  }

  #enter(account: Account, atMs: number): void {
    const places = this.moved.get(account.id) ?? []
    this.moved.set(account.id, places)
    const last = places.pop() ?? { fromMs: -Infinity, account: this.#latest(account.id) }
    places.push({ ...last, toMs: atMs }, { fromMs: atMs, toMs: Infinity, account })
  }

  /** An account in the place it has by now. */
  #latest(id: string): Account {
    const account = this.moved.get(id)?.at(-1)?.account ?? this.accounts.get(id)
    assertThat(account !== undefined, `${id} is an account of the tenant file`)
    return account
  }

  #children(parent: string): Set<string> {
    const known = this.#childrenOf.get(parent) ?? new Set()
    this.#childrenOf.set(parent, known)
    return known
  }

  #cycleOf(id: string): BillingCycle {
    return this.#cycles.get(id) ?? calendarMonths
  }
}

function parentIdAt(definition: AccountDefinition | undefined, timeMs: number): string {
  assertThat(definition !== undefined, 'the parents of a checked tenant file are in it')
  return definition.moves.findLast(({ atMs }) => atMs <= timeMs)?.parent ?? definition.parent
}

type Own = Party & Pick<AccountDefinition, 'payer' | 'parentPays'> & { readonly kind: AccountKind }

function grown({ id, name, kind, payer, parentPays }: Own, parent: Account | null, cycle: BillingCycle): Account {
  const account = {
    id,
    name,
    kind,
    parent,
    depth: parent === null ? 0 : parent.depth + 1,
    seller: parent === null || sells(parent) ? parent : parent.seller,
    parentPays,
    partition: parent === null ? null : (parent.partition ?? id),
    cycle,
  }
  const own = account as typeof account & { payer: Account }
  own.payer = payer === 'parent' && parent !== null ? parent.payer : own
  return own
}

/** Whether an account sells to those below it and keeps books of its own. */
export function sells(account: { readonly kind: AccountKind }): boolean {
  return account.kind === 'operator' || account.kind === 'reseller'
}

/** Who gets the documents on which an account's usage of a meter stands; where its parent pays for the meter, his payer. */
export function payerOf(account: Account, meter: string): Account {
  const { parent, payer, parentPays } = account
  if (parent === null) return account
  const isOwn = payer === account && parentPays?.meters.includes(meter) !== true
  return isOwn ? account : payerOf(parent, meter)
}

/** Everybody who gets documents on which something of an account stands: its payer first, then those of single meters. */
export function payersOf(account: Account): readonly Account[] {
  const payers = new Set([account.payer])
  for (let each: Account | null = account; each !== null; each = each.parent) {
    const meters = each.payer === each ? (each.parentPays?.meters ?? []) : []
    for (const meter of meters) payers.add(payerOf(account, meter))
  }
  return [...payers]
}

/** Whether an account is another one, given by its id, or hangs somewhere below it. */
export function isWithin(account: Account, top: string): boolean {
  for (let each: Account | null = account; each !== null; each = each.parent) {
    if (each.id === top) return true
  }
  return false
}
