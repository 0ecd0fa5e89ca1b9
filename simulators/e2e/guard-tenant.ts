/** A tenant file with one customer, one device and one price; the agents are still to be put in. */
export const guardTenant = `
tenant: guard
currency: EUR
operator: { id: guard, name: Guard }
meters: [{ id: data.bytes, unit: byte }]
prices: [{ id: data, meter: data.bytes, model: per-unit, amount: "1", per: 1000 }]
offerings: [{ id: data, name: Data, prices: [data] }]
accounts: [{ id: customer, kind: customer, parent: guard, name: Customer, payer: self }]
subscriptions: [{ id: customer-data, account: customer, offering: data, from: 2025-01-01, subjects: [dev-1] }]
`
