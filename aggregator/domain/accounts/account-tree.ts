import { assertThat } from '@meterline/shared/base/errors.ts'

/** The operator and resellers sell and keep books; customers and fleets use and pay. */
export type AccountKind = 'operator' | 'reseller' | 'customer' | 'fleet'

/** What a tenant file says about an account below the operator. */
export interface AccountDefinition {
  readonly id: string
  readonly kind: 'reseller' | 'customer' | 'fleet'
  readonly parent: string
  readonly name: string
  /** `self` gets invoices; `parent` is a section of the parent's. */
  readonly payer: 'self' | 'parent'
}

/** Somebody with a name: an account's holder or a partner. */
export interface Party {
  readonly id: string
  readonly name: string
}

/** A node of the tree with everything that follows from its place. */
export interface Account extends Party {
  readonly kind: AccountKind
  /** Null for the operator alone. */
  readonly parent: Account | null
  readonly children: readonly Account[]
  /** 0 for the operator. */
  readonly depth: number
  /** Who sells to it: the nearest operator or reseller above; null for the operator, who buys from partners. */
  readonly seller: Account | null
  /** Who gets its invoices: itself or the account above that pays for it. */
  readonly payer: Account
  /** The child of the operator whose subtree it is in; null for the operator. */
  readonly partition: string | null
}

export interface AccountTree {
  readonly operator: Account
  /** By id, the operator included. */
  readonly accounts: ReadonlyMap<string, Account>
}

interface GrowingAccount extends Account {
  readonly children: GrowingAccount[]
  payer: Account
}

/**
 * Builds the tree of a tenant file that `checkAccounts` found nothing wrong with: parents exist and no account is its own
 * ancestor. Children are in the order of their ids.
 */
export function buildAccountTree(operator: Party, definitions: readonly AccountDefinition[]): AccountTree {
  const accounts = new Map<string, Account>()
  const childrenOf = new Map<string, AccountDefinition[]>()
  for (const definition of definitions.toSorted((left, right) => (left.id < right.id ? -1 : 1))) {
    const siblings = childrenOf.get(definition.parent)
    if (siblings === undefined) childrenOf.set(definition.parent, [definition])
    else siblings.push(definition)
  }

  const root = growing({ id: operator.id, name: operator.name, kind: 'operator' }, null)
  accounts.set(root.id, root)
  const open = [root]
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    for (const definition of childrenOf.get(parent.id) ?? []) {
      const account = growing(definition, parent)
      if (definition.payer === 'parent') account.payer = parent.payer
      parent.children.push(account)
      accounts.set(account.id, account)
      open.push(account)
    }
  }
  assertThat(
    accounts.size === definitions.length + 1,
    'every account of a checked tenant file hangs below its operator',
  )
  return { operator: root, accounts }
}

function growing(own: Party & { readonly kind: AccountKind }, parent: GrowingAccount | null): GrowingAccount {
  const account = {
    id: own.id,
    name: own.name,
    kind: own.kind,
    parent,
    children: [],
    depth: parent === null ? 0 : parent.depth + 1,
    seller: parent === null || sells(parent) ? parent : parent.seller,
    partition: parent === null ? null : (parent.partition ?? own.id),
  }
  const self = account as typeof account & { payer: Account }
  self.payer = self
  return self
}

/** Whether an account sells to those below it and keeps books of its own. */
export function sells(account: { readonly kind: AccountKind }): boolean {
  return account.kind === 'operator' || account.kind === 'reseller'
}

/** The account and everything below it, each before its children. */
export function subtreeOf(account: Account): readonly Account[] {
  const found: Account[] = []
  const open = [account]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next)
    open.push(...next.children.toReversed())
  }
  return found
}
