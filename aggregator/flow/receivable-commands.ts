import type { Clock } from '@meterline/shared/base/clock.ts'
import { ok, type Result } from '@meterline/shared/base/errors.ts'
import type { MarginGroup } from '../domain/margin/margin-rows.ts'
import { applyCredits } from './apply-credits.ts'
import { openDispute, resolveDispute, type DisputeOrder, type ResolutionOrder } from './dispute-line.ts'
import { issueNote, type NoteOrder } from './issue-note.ts'
import { marginReport, type MarginAnswer } from './margin-report.ts'
import type { MoneyDecision } from './money-decisions.ts'
import type { NamedParties } from './receivable-parties.ts'
import {
  accountStatement,
  agingReport,
  listDecisions,
  listDisputes,
  listReceivables,
  receivableLines,
  showDispute,
  type AgingAnswer,
  type DecisionItem,
  type DisputeItem,
  type ReceivableItem,
  type ReceivableLine,
  type ShownDispute,
  type StatementAnswer,
} from './receivable-reports.ts'
import {
  allocateCredit,
  recordPayment,
  recordRefund,
  type AllocationOrder,
  type PaymentOrder,
  type RefundOrder,
} from './record-payment.ts'
import { reversePayment, type ReversalOrder } from './reverse-payment.ts'
import type { TenantRegistry } from './tenant-registry.ts'
import type { TenantService } from './tenant-service.ts'
import { voidIssued, type VoidOrder } from './void-document.ts'

/** What can be asked about money between two parties. Each decision is made once under its key. */
export interface ReceivableCommands {
  paymentRecord(tenant: string, order: PaymentOrder): Promise<Result<MoneyDecision>>
  /** Takes a payment back, such as a direct debit that was returned. */
  paymentReverse(tenant: string, order: ReversalOrder): Promise<Result<MoneyDecision>>
  creditAllocate(tenant: string, order: AllocationOrder): Promise<Result<MoneyDecision>>
  creditRefund(tenant: string, order: RefundOrder): Promise<Result<MoneyDecision>>
  noteIssue(tenant: string, order: NoteOrder): Promise<Result<MoneyDecision>>
  documentVoid(tenant: string, order: VoidOrder): Promise<Result<MoneyDecision>>
  disputeOpen(tenant: string, order: DisputeOrder): Promise<Result<MoneyDecision>>
  disputeResolve(tenant: string, order: ResolutionOrder): Promise<Result<MoneyDecision>>
  disputeList(
    tenant: string,
    request: { readonly all: boolean; readonly limit: number },
  ): Result<readonly DisputeItem[]>
  disputeShow(tenant: string, dispute: number): Result<ShownDispute>
  receivableList(
    tenant: string,
    request: { readonly parties: NamedParties | null; readonly all: boolean; readonly limit: number },
  ): Promise<Result<readonly ReceivableItem[]>>
  receivableLines(tenant: string, document: string): Promise<Result<readonly ReceivableLine[]>>
  receivableDecisions(
    tenant: string,
    request: { readonly parties: NamedParties; readonly limit: number },
  ): Result<readonly DecisionItem[]>
  /** Null: now. */
  receivableAging(
    tenant: string,
    request: { readonly asOfMs: number | null; readonly buyer: string | null },
  ): Promise<Result<AgingAnswer>>
  /** From the beginning and until now where nothing is said. */
  accountStatement(
    tenant: string,
    request: { readonly parties: NamedParties; readonly fromMs: number | null; readonly toMs: number | null },
  ): Promise<Result<StatementAnswer>>
  /** What was earned on what in a period. */
  margin(tenant: string, request: { readonly period: string; readonly by: MarginGroup }): Result<MarginAnswer>
  /** Uses credit for what is open, as it is done whenever documents were issued; answers for how many buyers. */
  creditsApply(tenant: string): Promise<Result<{ readonly buyers: number }>>
}

/** These commands over the tenants of a running aggregator. */
export function receivableCommands(registry: TenantRegistry): ReceivableCommands {
  const deciding =
    <Order>(decide: (service: TenantService, clock: Clock, order: Order) => Promise<Result<MoneyDecision>>) =>
    async (tenant: string, order: Order): Promise<Result<MoneyDecision>> => {
      const service = registry.demand(tenant)
      return service.ok ? await decide(service.value, service.value.clock, order) : service
    }
  return {
    paymentRecord: deciding(recordPayment),
    paymentReverse: deciding(reversePayment),
    creditAllocate: deciding(allocateCredit),
    creditRefund: deciding(recordRefund),
    noteIssue: deciding(issueNote),
    documentVoid: deciding(voidIssued),
    disputeOpen: deciding(openDispute),
    disputeResolve: deciding(resolveDispute),
    ...reportCommands(registry),
    creditsApply: async (tenant) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      const applied = await applyCredits(service.value, service.value.clock)
      return applied.ok ? ok({ buyers: applied.value }) : applied
    },
  }
}

type ReportName =
  `receivable${'List' | 'Lines' | 'Decisions' | 'Aging'}` | `dispute${'List' | 'Show'}` | 'accountStatement' | 'margin'

function reportCommands(registry: TenantRegistry): Pick<ReceivableCommands, ReportName> {
  return {
    disputeList: (tenant, request) => {
      const service = registry.demand(tenant)
      return service.ok ? ok(listDisputes(service.value, request)) : service
    },
    margin: (tenant, request) => {
      const service = registry.demand(tenant)
      return service.ok ? marginReport(service.value, request) : service
    },
    disputeShow: (tenant, dispute) => {
      const service = registry.demand(tenant)
      return service.ok ? showDispute(service.value, dispute) : service
    },
    receivableList: async (tenant, request) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return await listReceivables(service.value, { ...request, nowMs: service.value.clock.wallMs() })
    },
    receivableLines: async (tenant, document) => {
      const service = registry.demand(tenant)
      return service.ok ? await receivableLines(service.value, document) : service
    },
    receivableDecisions: (tenant, request) => {
      const service = registry.demand(tenant)
      return service.ok ? listDecisions(service.value, request) : service
    },
    receivableAging: async (tenant, { asOfMs, buyer }) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      return await agingReport(service.value, { asOfMs: asOfMs ?? service.value.clock.wallMs(), buyer })
    },
    accountStatement: async (tenant, { parties, fromMs, toMs }) => {
      const service = registry.demand(tenant)
      if (!service.ok) return service
      const until = toMs ?? service.value.clock.wallMs() + 1
      return await accountStatement(service.value, { parties, fromMs: fromMs ?? 0, toMs: until })
    },
  }
}
