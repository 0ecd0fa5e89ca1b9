import { assertThat } from '@meterline/shared/base/errors.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { noModel, routeOf } from '@meterline/shared/rating/route.ts'
import type { Catalogue, Leg } from '../catalogue/catalogue.ts'
import { legPlanOf } from '../catalogue/leg-index.ts'

/** The longest text of a device that a message repeats. */
const shownCharacters = 60

/** Says which price has no row for a unit, what its rows ask for, and what the event says of that. */
export function noPriceRowMessage(catalogue: Catalogue, unit: RatingUnit): string {
  const leg = legWithoutRow(catalogue, unit)
  const name = catalogue.subscriptions.get(leg.subscription)?.pricesById.get(leg.priceId)?.name ?? leg.priceId
  return `the price ${name} of ${leg.meter} has no row for ${saidOf(leg, unit)}: add such a row and replay`
}

/** The first leg whose price has no row; looked up again, since suspended units are few. */
function legWithoutRow(catalogue: Catalogue, unit: RatingUnit): Leg {
  const subjectPlan = catalogue.index.subjects.get(unit.subject)
  assertThat(subjectPlan !== undefined, 'a unit without a row has a known subject')
  for (const { meter } of unit.records) {
    const { legs } = legPlanOf(catalogue, subjectPlan, meter, unit.timeMs)
    const found = legs.find(({ price }) => routeOf(price, unit) === noModel)
    if (found !== undefined) return found
  }
  assertThat(false, 'a unit that is suspended for want of a row has a record without one')
}

/** Such as `model "gpt-9", no region`: the labels that the rows look at. */
function saidOf({ price }: Leg, { labels }: RatingUnit): string {
  assertThat(price.router?.router === 'matrix', 'only a price matrix has no model for some usage')
  return price.router.dimensions
    .map((dimension) => {
      const said = labels.find(([name]) => name === dimension)?.[1]
      return said === undefined ? `no ${dimension}` : `${dimension} ${JSON.stringify(shown(said))}`
    })
    .join(', ')
}

function shown(text: string): string {
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`
}
