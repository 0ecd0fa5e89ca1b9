import type { Result } from '@meterline/shared/base/errors.ts'
import { changeSubscription } from './change-subscription.ts'
import { listSubscriptions, showSubscription } from './show-subscriptions.ts'
import type {
  SubscriptionAnswer,
  SubscriptionFault,
  SubscriptionItem,
  SubscriptionOrder,
  SubscriptionOutcome,
  SubscriptionPage,
} from './subscription-answers.ts'
import type { TenantRegistry } from './tenant-registry.ts'

/** What can be asked and decided about single subscriptions. */
export interface SubscriptionCommands {
  subscriptionList(tenant: string, page: SubscriptionPage): Result<readonly SubscriptionItem[], SubscriptionFault>
  /** Now when no instant is given. */
  subscriptionShow(tenant: string, id: string, atMs?: number): Result<SubscriptionAnswer, SubscriptionFault>
  /** Makes the catalogue with this one change and puts it in force as `apply` does; the same order again changes nothing. */
  subscriptionChange(tenant: string, order: SubscriptionOrder): Result<SubscriptionOutcome, SubscriptionFault>
}

/** These commands over the tenants of a running aggregator. */
export function subscriptionCommands(registry: TenantRegistry): SubscriptionCommands {
  return {
    subscriptionList: (tenant, page) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return listSubscriptions(service.value, { ...page, atMs: page.atMs ?? service.value.clock.wallMs() })
    },
    subscriptionShow: (tenant, id, atMs) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      const nowMs = service.value.clock.wallMs()
      return showSubscription(service.value, id, atMs ?? nowMs, nowMs)
    },
    subscriptionChange: (tenant, order) => {
      const service = registry.demand(tenant)
      return service.ok ? changeSubscription(service.value, service.value.clock.wallMs(), order) : service
    },
  }
}
