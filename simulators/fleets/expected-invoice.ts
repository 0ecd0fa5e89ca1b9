import { dialects, type Dialect } from './dialects/dialect.ts'
import { ExpectedMetering } from './expected-metering.ts'
import type { Fate, TimedMessage } from './fleet-timeline.ts'

/** What the invoices of one account should show. */
export interface ExpectedAccount {
  readonly account: string
  /** By meter, in base units, as decimal texts. */
  readonly quantities: Readonly<Record<string, string>>
}

/** What was published, and what should be on the invoices for it. */
export interface FleetExpectation {
  readonly fates: Readonly<Record<Fate, number>>
  readonly accounts: readonly ExpectedAccount[]
}

/** Counts what the invoices should show, from what devices measured and got through. */
export class ExpectedInvoice {
  readonly #accounts = new Map<string, Map<string, bigint>>()
  readonly #fates: Record<Fate, number> = { billed: 0, repeat: 0, malformed: 0, 'wrong-unit': 0, dropped: 0, birth: 0 }
  readonly #metering = new ExpectedMetering()

  /** Takes the messages of a fleet in their order. */
  add({ device, event, fate }: TimedMessage): void {
    this.#fates[fate] += 1
    if (fate !== 'billed') return
    const dialect: Dialect = dialects[device.group.dialect]
    let quantities = this.#accounts.get(device.account)
    if (quantities === undefined) {
      quantities = new Map<string, bigint>()
      this.#accounts.set(device.account, quantities)
    }
    for (const [name, value] of dialect.billed(event)) {
      const meter = device.group.meters[name]
      const usage = meter === undefined ? value : this.#metering.increment(event, name, meter, value)
      quantities.set(name, (quantities.get(name) ?? 0n) + usage)
    }
  }

  expectation(): FleetExpectation {
    const accounts = [...this.#accounts].map(([account, quantities]) => ({
      account,
      quantities: Object.fromEntries([...quantities].map(([meter, total]) => [meter, String(total)])),
    }))
    accounts.sort((one, other) => (one.account < other.account ? -1 : 1))
    return { fates: { ...this.#fates }, accounts }
  }
}
