import type { Fault } from '@meterline/shared/base/errors.ts'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import type { CatalogueFault } from '../domain/catalogue/compile-catalogue.ts'
import type { SubscriptionCommand, SubscriptionCommandFault } from '../domain/catalogue/subscription-command.ts'
import type { UndoneKind } from '../domain/catalogue/subscription-undo.ts'
import type { LateMark } from '../store/late-table.ts'
import type { StoreFault } from './tenant-service.ts'

/** How a subscription stands at an instant. */
export type SubscriptionState = 'to-come' | 'active' | 'paused' | 'ended'

/** One subscription, as the list shows it. */
export interface SubscriptionItem {
  readonly id: string
  readonly account: string
  /** Of the version it has at the instant, or has first or last. */
  readonly offering: string
  readonly state: SubscriptionState
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
  /** When something happens to it next; null: nothing is written down. */
  readonly nextMs: number | null
}

/** One thing that happens to a subscription. */
export interface SubscriptionEvent {
  readonly atMs: number
  /** `begin`, or the command that makes such a thing happen. */
  readonly kind: 'begin' | UndoneKind
  /** In words. */
  readonly text: string
  /** Whether it can be taken back or corrected: it is still to come. */
  readonly isToCome: boolean
}

/** Everything that is known of a subscription at an instant. */
export interface SubscriptionAnswer extends SubscriptionItem {
  readonly atMs: number
  /** When it is paused, by itself or with what it depends on; a null end: until it is resumed. */
  readonly pauses: readonly { readonly fromMs: number; readonly toMs: number | null }[]
  /** By name, as decimal text. */
  readonly quantities: Readonly<Record<string, string>>
  readonly subjects: number | null
  /** In order of time. */
  readonly events: readonly SubscriptionEvent[]
  /** As the tenant file says it. */
  readonly definition: JsonValue
}

/** Which subscriptions are asked for: by their ids from after one on, in order. */
export interface SubscriptionPage {
  readonly account?: string
  readonly after?: string
  readonly limit: number
  /** Now when left out. */
  readonly atMs?: number
}

/** What somebody decides about a subscription. */
export interface SubscriptionOrder {
  readonly subscription: string
  readonly command: SubscriptionCommand
  /** Who decided it; kept in the history of the catalogue. */
  readonly by: string
  /** Whether an instant that is over is meant. */
  readonly backdate: boolean
  readonly dryRun: boolean
}

/** What a command did or, in a dry run, would do. */
export interface SubscriptionOutcome {
  readonly subscription: string
  /** Log index of the catalogue that is in force now. */
  readonly version: number
  /** false: it is so already, or this was a dry run. */
  readonly applied: boolean
  /** Lines for people, as `apply` has them. */
  readonly diff: readonly string[]
  /** Whose documents of billed periods will be corrected. */
  readonly corrections: readonly LateMark[]
}

/** Why a subscription cannot be shown or changed. */
export type SubscriptionFault =
  | Fault<
      | 'tenant_unknown'
      | 'tenant_failed'
      | 'subscription_unknown'
      | 'subscription_change_refused'
      | 'quantity_unknown'
      | 'back_dated'
      | 'catalogue_too_large'
    >
  | SubscriptionCommandFault
  | CatalogueFault
  | StoreFault
