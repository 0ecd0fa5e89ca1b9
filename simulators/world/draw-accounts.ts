import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedAccount } from '../oracle/tenant-plan.ts'

/** An account that devices belong to, and how its devices are called. */
export interface Leaf {
  readonly account: string
  readonly letter: string
}

/** A drawn tree below the operator: the accounts, each after its parent, and where devices hang. */
export interface DrawnTree {
  readonly accounts: readonly PlannedAccount[]
  readonly leaves: readonly Leaf[]
}

const letters = ['n', 's', 'e', 'w', 'm'] as const
const resellerNames = ['nordlink', 'sudlink', 'eastlink', 'westlink', 'midlink'] as const
const deepest = 4

/**
 * Draws one to three branches below the operator, each one to four levels deep: resellers above, one customer, fleets
 * below him. Each branch is a partition of its own. There are always two leaves or more.
 */
export function drawAccounts(random: Random, operator: string): DrawnTree {
  const accounts: PlannedAccount[] = []
  const leaves: Leaf[] = []
  const resellers: string[] = []
  for (let branches = 1 + random.below(3); branches > 0; branches--) {
    const depth = 1 + random.below(deepest)
    const above = random.below(Math.min(depth, 3))
    let parent = operator
    for (let level = 0; level < above; level++) {
      const id = resellerNames[resellers.length] ?? `link-${resellers.length + 1}`
      resellers.push(id)
      accounts.push({ id, kind: 'reseller', parent, payer: 'self' })
      parent = id
    }
    addCustomer(random, accounts, leaves, parent, depth - above - 1)
    // A second customer of the same seller, or a second fleet of the same customer, shares a payer or does not.
    if (leaves.length < 2 || (random.below(3) === 0 && leaves.length < letters.length))
      addCustomer(random, accounts, leaves, parent, random.below(2))
  }
  const seller = random.below(3) === 0 ? resellers[random.below(Math.max(1, resellers.length))] : undefined
  accounts.push({ id: 'brightdesk', kind: 'customer', parent: seller ?? operator, payer: 'self' })
  return { accounts, leaves }
}

/** Of who pays for himself somebody above may pay for some meters, or a share of everything. */
function drawSplit(random: Random): Pick<PlannedAccount, 'parentPays'> {
  const meters = random.below(3) === 0 ? { meters: [random.below(2) === 0 ? 'messages' : 'data.bytes'] } : {}
  const share = random.below(3) === 0 ? { share: `0.${1 + random.below(99)}5` } : {}
  const parentPays = { ...meters, ...share }
  return Object.keys(parentPays).length === 0 ? {} : { parentPays }
}

function addCustomer(
  random: Random,
  accounts: PlannedAccount[],
  leaves: Leaf[],
  seller: string,
  fleetsBelow: number,
): void {
  const letter = letters[leaves.length]
  if (letter === undefined) return
  const customer = `logistics-${letter}`
  accounts.push({ id: customer, kind: 'customer', parent: seller, payer: 'self' })
  let parent = customer
  for (let level = 1; level <= fleetsBelow; level++) {
    const id = `fleet-${letter}-${level}`
    const payer = random.below(3) === 0 ? 'self' : 'parent'
    accounts.push({ id, kind: 'fleet', parent, payer, ...(payer === 'self' ? drawSplit(random) : {}) })
    parent = id
  }
  leaves.push({ account: parent, letter })
}
