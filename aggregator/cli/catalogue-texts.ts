import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine, table } from '@meterline/shared/command-line/output.ts'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { shownJson } from '../domain/catalogue/json-words.ts'
import type { DescribedPrice } from '../domain/catalogue/describe-catalogue.ts'
import type { CatalogueAnswer, CatalogueDifference, CatalogueVersionItem } from '../flow/catalogue-answers.ts'

/** As many digits of a content hash as tell versions of one tenant apart. */
const shownHashDigits = 12

/** What a catalogue says, for people. */
export function catalogueText(answer: CatalogueAnswer): string {
  const { tenant, version, hash, fileName, appliedMs, atMs, counts } = answer
  const inForce = `${tenant}: version ${version} (${hash.slice(0, shownHashDigits)}), applied ${formatInstant(appliedMs)} from ${oneLine(fileName)}`
  const sizes = Object.entries(counts).map(([what, count]) => `${count} ${what}`)
  return [
    inForce,
    `as of ${formatInstant(atMs)}: ${sizes.join(', ')}`,
    ...section('offerings', offeringRows(answer)),
    ...section('allowances', allowanceRows(answer)),
    ...section('prices', [priceHeader, ...answer.prices.map(priceRow)]),
    ...section('matrices', [
      ['id', 'dimensions', 'meters', 'rows', 'hash'],
      ...answer.matrices.map(({ id, dimensions, meters, rows, hash: own }) => [
        id,
        dimensions.map(oneLine).join(', '),
        meters.join(', '),
        String(rows),
        own.slice(0, shownHashDigits),
      ]),
    ]),
    ...section('tax codes', [
      ['id', 'hash', 'name', 'rates'],
      ...answer.taxCodes.map(({ id, name, hash: own, rates }) => [
        id,
        own.slice(0, shownHashDigits),
        oneLine(name),
        rates.map(({ name: region, rate }) => `${region} ${rate} %`).join(', '),
      ]),
    ]),
    ...contractSections(answer),
    ...section('zones', [
      ['zone', 'hash', 'offsets'],
      ...answer.zones.map(({ id, hash: own, offsets }) => [id, own.slice(0, shownHashDigits), String(offsets)]),
    ]),
  ].join('\n')
}

/** The versions of a catalogue as a table. */
export function catalogueHistoryText(items: readonly CatalogueVersionItem[]): string {
  if (items.length === 0) return 'There is no version yet; apply a tenant file.'
  return table(
    ['version', 'applied', 'hash', 'bytes', 'file'],
    items.map(({ version, appliedMs, hash, bytes, fileName }) => [
      String(version),
      formatInstant(appliedMs),
      hash.slice(0, shownHashDigits),
      String(bytes),
      oneLine(fileName),
    ]),
  )
}

/** What is different, a line for each thing. */
export function catalogueDiffText({ before, after, diff }: CatalogueDifference): string {
  const sides = `${oneLine(before)} → ${oneLine(after)}`
  if (diff.length === 0) return `${sides}: both say the same.`
  return [`${sides}: ${counted(diff.length, 'difference')}`, ...diff.map(oneLine)].join('\n')
}

/** What was agreed on and how accounts are billed; of a version that knows nothing of it nothing. */
function contractSections({ contracts, billingProfiles, cycles, exchangeRates }: CatalogueAnswer): readonly string[] {
  return [
    ...section('contracts', [
      ['contract', 'account', 'currency', 'from', 'to', 'in force', 'rule', 'terms'],
      ...contracts.flatMap(({ id, account, currency, from, to, inForce, rules }) =>
        (rules.length === 0 ? [null] : rules).map((rule) => {
          const own = [id, account, currency, from, to ?? '-', inForce ? 'yes' : 'no']
          return rule === null ? [...own, '-', '-'] : [...own, rule.kind, oneLine(shownJson(rule.terms))]
        }),
      ),
    ]),
    ...section('billing profiles', [
      ['profile of', 'terms'],
      ...billingProfiles.map(({ id, terms }) => [id, oneLine(shownJson(withoutId(terms)))]),
    ]),
    ...section('cycles', [['cycle', 'day', 'zone'], ...cycles.map(({ id, day, zone }) => [id, String(day), zone])]),
    ...section('exchange rates', [
      ['pair', 'rate', 'since', 'next'],
      ...exchangeRates.map(({ name, rate, since, next }) => [name, rate, since, next ?? '-']),
    ]),
  ]
}

function allowanceRows({ offerings }: CatalogueAnswer): readonly (readonly string[])[] {
  return [
    ['offering', 'version', 'allowance'],
    ...offerings.flatMap(({ id, versions }) =>
      versions.flatMap(({ version, allowances }) =>
        allowances.map((allowance) => [id, version, oneLine(shownJson(allowance))]),
      ),
    ),
  ]
}

/** Terms without the id, which stands in a column of its own. */
function withoutId(terms: JsonValue): JsonValue {
  if (typeof terms !== 'object' || terms === null || Array.isArray(terms)) return terms
  return Object.fromEntries(Object.entries(terms).filter(([name]) => name !== 'id'))
}

function section(name: string, [header, ...rows]: readonly (readonly string[])[]): readonly string[] {
  return header === undefined || rows.length === 0 ? [] : ['', name, table(header, rows)]
}

function offeringRows({ offerings }: CatalogueAnswer): readonly (readonly string[])[] {
  return [
    ['offering', 'version', 'sold', 'subscriptions', 'hash', 'prices'],
    ...offerings.flatMap(({ id, versions }) =>
      versions.map(({ version, sold, subscriptions, hash, prices }) => [
        id,
        version,
        sold ? 'yes' : 'no',
        String(subscriptions),
        hash.slice(0, shownHashDigits),
        prices.join(', '),
      ]),
    ),
  ]
}

const priceHeader = ['price', 'meter', 'currency', 'tax', 'since', 'next', 'hash', 'terms']

function priceRow({ name, meter, currency, tax, since, next, hash, terms }: DescribedPrice): readonly string[] {
  return [
    name,
    meter ?? '(fee)',
    currency,
    tax ?? '-',
    since ?? 'ever',
    next ?? '-',
    hash.slice(0, shownHashDigits),
    oneLine(shownJson(terms)),
  ]
}
