import type { SourceDefect } from './source-defect.ts'

/** Metering, prices, charges and what becomes of suspended units. */
export const ratingDefects: readonly SourceDefect[] = [
  {
    name: 'rounded-per-event',
    file: 'aggregator/domain/rating-of-record/segment-builder.ts',
    find: 'builder.preparedMicros = totalMicros(model, builder.quantity + quantity) - opening',
    replace: 'builder.preparedMicros = builder.chargedMicros + totalMicros(model, quantity) - opening',
    breaks: 'the charges of a segment add up to its rounded total',
    caughtBy: { kind: 'world', invariants: ['I9', 'I15'], saying: /micros, charged are|its \d+ cost/ },
  },
  {
    name: 'rounded-down',
    file: 'shared/rating/graduated.ts',
    find: 'roundingOffset: offset + denominator / 2n',
    replace: 'roundingOffset: offset',
    breaks: 'amounts are rounded half away from zero',
    caughtBy: { kind: 'world', invariants: ['I9', 'I15'], saying: /micros, charged are|its \d+ cost/ },
  },
  {
    name: 'tier-ends-one-late',
    file: 'shared/rating/graduated.ts',
    find: '      bound = upTo\n',
    replace: '      bound = upTo + 1n\n',
    breaks: 'a tier ends with its last unit',
    caughtBy: { kind: 'world', invariants: ['I9', 'I15'], saying: /micros, charged are|its \d+ cost/ },
  },
  {
    name: 'last-unit-in-the-next-tier',
    file: 'shared/rating/tiers.ts',
    find: 'tier.upTo === null || quantity <= tier.upTo',
    replace: 'tier.upTo === null || quantity < tier.upTo',
    breaks: 'the bound of a tier is its last unit',
    caughtBy: { kind: 'test', test: 'shared/rating/dispatch.test.ts' },
  },
  {
    name: 'per-unit-price-rounded-down',
    file: 'shared/rating/per-unit.ts',
    find: 'return (quantity * price.rate + price.half) / price.denominator',
    replace: 'return (quantity * price.rate) / price.denominator',
    breaks: 'amounts are rounded half away from zero',
    caughtBy: { kind: 'world', invariants: ['I9', 'I15'], saying: /micros, charged are|its \d+ cost/ },
  },
  {
    name: 'counter-reset-lost',
    file: 'shared/metering/counter.ts',
    find: 'return later >= earlier ? later - earlier : later',
    replace: 'return later >= earlier ? later - earlier : 0n',
    breaks: 'what a counter showed since it began again is usage',
    caughtBy: { kind: 'world', invariants: ['I9'], saying: /moved on by|readings make/, hint: 2 },
  },
  {
    name: 'late-reading-counted-in-full',
    file: 'shared/metering/counter.ts',
    find: 'return start === null || after === null ? gained : gained - countedBetween(start, after)',
    replace: 'return gained',
    breaks: 'the usage of a counter does not depend on the order of its readings',
    caughtBy: { kind: 'world', invariants: ['I9'], saying: /moved on by|readings make/, hint: 3 },
  },
  {
    name: 'reading-not-noted',
    file: 'aggregator/domain/rating-of-record/rate-batch.ts',
    find: 'if (rating.metering !== null) noteChange(rating.metering, change)',
    replace: 'if (rating.metering !== null && index % 5 !== 4) noteChange(rating.metering, change)',
    breaks: 'the state of a meter follows every reading that was charged',
    caughtBy: { kind: 'world', invariants: ['I9'], saying: /moved on by|readings make/, hint: 3 },
  },
  {
    name: 'tie-break-lost',
    file: 'shared/metering/state.ts',
    find: 'return left.value < right.value ? -1 : left.value > right.value ? 1 : 0',
    replace: 'return 0',
    breaks: 'readings of the same time have an order',
    caughtBy: { kind: 'test', test: 'shared/metering/counter.property.test.ts' },
  },
  {
    name: 'subscription-ends-a-millisecond-late',
    file: 'aggregator/domain/catalogue/subscription-timeline.ts',
    find: 'fromMs <= timeMs && timeMs < toMs',
    replace: 'fromMs <= timeMs && timeMs <= toMs',
    breaks: 'a subscription is in force from its beginning up to its end',
    caughtBy: { kind: 'test', test: 'aggregator/domain/catalogue/leg-index.test.ts' },
  },
  {
    name: 'usage-before-the-subscription-charged',
    file: 'aggregator/domain/catalogue/subscription-timeline.ts',
    find: 'fromMs <= timeMs && timeMs < toMs',
    replace: 'timeMs < toMs',
    breaks: 'usage of before a subscription is not charged on it',
    caughtBy: { kind: 'world', invariants: ['I9'], saying: /is not what it owes/ },
  },
  {
    name: 'reseller-leg-skipped',
    file: 'aggregator/domain/catalogue/leg-index.ts',
    find: '    legs.push(purchase.leg)\n',
    replace: '    if (legs.length === 0) legs.push(purchase.leg)\n',
    breaks: 'every leg up to the operator is charged',
    caughtBy: { kind: 'world', invariants: ['I9'], saying: /is not what it owes/ },
  },
  {
    name: 'partner-cost-skipped',
    file: 'aggregator/domain/catalogue/leg-index.ts',
    find: 'if (bought !== null && bought.leg !== null) legs.push(bought.leg)',
    replace: 'if (bought !== null && bought.leg !== null && legs.length > 1) legs.push(bought.leg)',
    breaks: 'what a partner is due is charged beside the revenue',
    caughtBy: { kind: 'world', invariants: ['I9'], saying: /is not what it owes/, hint: 1 },
  },
  {
    name: 'plan-of-another-time-used',
    file: 'aggregator/domain/catalogue/leg-index.ts',
    find: 'if (timeMs >= known.last.fromMs && timeMs < known.last.toMs) return known.last',
    replace: 'if (timeMs >= known.last.fromMs) return known.last',
    breaks: 'what is in force at the time of use counts',
    caughtBy: { kind: 'world', invariants: ['I8', 'I9'], saying: /ought to be|is not what it owes/ },
  },
  {
    name: 'rating-cursor-ahead',
    file: 'aggregator/store/tenant-store.ts',
    find: '      for (const row of writes.batches) this.batches.insert(row)\n',
    replace: `      for (const row of writes.batches) {
        this.batches.insert(row)
        this.#saveCursor.run(row.logIndex)
      }
`,
    breaks: 'what was received and not rated is rated after a crash',
    caughtBy: { kind: 'world', invariants: ['I8', 'I9', 'I18'], saying: /has no disposition|no rating/, hint: 3 },
  },
  {
    name: 'rating-cursor-not-moved',
    file: 'aggregator/store/tenant-store.ts',
    find: '      this.#saveCursor.run(writes.cursor)\n',
    replace: '      if (writes.cursor < 0) this.#saveCursor.run(writes.cursor)\n',
    breaks: 'a batch is rated once',
    caughtBy: { kind: 'world', invariants: ['I5', 'I8', 'I18'], saying: /charged twice|is not rated|rated up to/ },
  },
  {
    name: 'wrong-catalogue-named',
    file: 'aggregator/flow/rated-charges.ts',
    find: 'const catalogueIndex = this.#catalogueIndex',
    replace: 'const catalogueIndex = 0',
    breaks: 'a decision names what it was made from, so that it can be made again',
    caughtBy: { kind: 'world', invariants: ['I9', 'I15'], saying: /is rated with catalogue/ },
  },
  {
    name: 'charged-twice-on-release',
    file: 'aggregator/store/tenant-store.ts',
    find: '      this.#charge(writes.charges)\n      for (const row of writes.decisions) this.suspense.decide(row)\n',
    replace: '      this.#charge(writes.charges)\n',
    breaks: 'a released unit is decided about and leaves the suspense',
    caughtBy: {
      kind: 'world',
      invariants: ['I5', 'I8'],
      saying: /slipped into suspense|charged twice|a release decides/,
    },
  },
  {
    name: 'discard-forgotten',
    file: 'aggregator/store/tenant-store.ts',
    find: `      for (const row of writes.decisions) this.suspense.decide(row)
      this.totals.add({ discarded`,
    replace: '      this.totals.add({ discarded',
    breaks: 'what a person gave up stays given up',
    caughtBy: { kind: 'world', invariants: ['I8'], saying: /decides about it|slipped into suspense/ },
  },
  {
    name: 'suspended-and-charged',
    file: 'aggregator/domain/rating-of-record/rate-batch.ts',
    find: '    if (code === null) chargeUnit(rating, index, unit)\n',
    replace: "    if (code === null || code === 'no_price') chargeUnit(rating, index, unit)\n",
    breaks: 'a unit is charged whole or not at all',
    caughtBy: {
      kind: 'world',
      invariants: ['I8', 'I9'],
      saying: /has no disposition|is charged and suspended/,
      hint: 2,
    },
  },
  {
    name: 'control-records-charged',
    file: 'aggregator/domain/correlation/control-units.ts',
    find: 'if (rule === null) return charged',
    replace: 'if (rule === null || records.length === 1) return charged',
    breaks: 'what is only compared is never charged',
    caughtBy: { kind: 'world', invariants: ['I8'], saying: /it is for control of/ },
  },
  {
    name: 'charges-in-another-order',
    file: 'aggregator/domain/rating-of-record/segment-builder.ts',
    find: 'builder.charges.push({ unit, record, quantity, amountMicros: preparedMicros - builder.chargedMicros })',
    replace: `const last = builder.charges.at(-1)
  const amountMicros = preparedMicros - builder.chargedMicros
  if (last === undefined) builder.charges.push({ unit, record, quantity, amountMicros })
  else {
    builder.charges.push({ unit, record, quantity, amountMicros: amountMicros - 1n })
    builder.charges[0] = { ...builder.charges[0]!, amountMicros: builder.charges[0]!.amountMicros + 1n }
  }`,
    breaks: 'replay of the log gives each charge as it was',
    caughtBy: { kind: 'world', invariants: ['I15'], saying: /its \d+ cost/ },
  },
]
