import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import type { PlacedModel } from '@meterline/shared/rating/placed-models.ts'
import type { Party } from '../accounts/account-tree.ts'
import type { CataloguePrice, Leg } from '../catalogue/catalogue.ts'
import type { DueFee } from './fees-due.ts'

/** Usage that can become a line: a meter of a subscription at one model of one version of its price. */
export interface UsageItem {
  readonly kind: 'usage'
  readonly segmentKey: string
  readonly leg: Leg
  readonly price: CataloguePrice
  readonly model: CompiledModel
  /** The model's terms, and which usage it is for. */
  readonly placed: PlacedModel
  /** Whether what the model asks for before usage is due: not by usage all of which was taken back. */
  readonly isOpen: boolean
  readonly subscription: string
  /** The account that subscribed: the section of the bill. */
  readonly account: string
  readonly offering: Party
  /** What one base unit is called. */
  readonly unit: string
}

/** A fee that becomes a line, whatever was used. */
export interface FeeItem {
  readonly kind: 'fee'
  readonly segmentKey: string
  readonly due: DueFee
  readonly subscription: string
  readonly account: string
  readonly offering: Party
}

export type ContractItem = UsageItem | FeeItem
