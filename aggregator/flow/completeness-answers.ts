import type { AgentGap } from '../domain/completeness/agent-gaps.ts'
import type { SequenceGap, ShortDayGap, SilentGap } from '../domain/completeness/find-gaps.ts'
import type { PairingState } from '../domain/correlation/judge-pairing.ts'

/** One report of usage, as answers show it; the quantity in base units as decimal text. */
export interface ComparedJson {
  readonly timeMs: number
  readonly source: string
  readonly eventId: string | null
  readonly quantity: string
  readonly logIndex: number
  readonly unit: number
}

/** Two reports of one usage, or one whose other is missing. */
export interface CorrelationItem {
  readonly rule: string
  readonly meter: string
  readonly subject: string
  readonly state: PairingState
  readonly charge: ComparedJson | null
  readonly control: ComparedJson | null
  /** Charged less controlled, decimal text; null while one is missing. */
  readonly difference: string | null
}

/** What a correlation came to in a stretch of time. */
export interface CorrelationSummary {
  readonly rule: string
  readonly meter: string
  readonly counts: Readonly<Record<PairingState, number>>
  /** Sums over all reports of each side, decimal text. */
  readonly charged: string
  readonly controlled: string
}

export interface CorrelationsAnswer {
  readonly atMs: number
  readonly fromMs: number
  readonly toMs: number
  readonly rules: readonly CorrelationSummary[]
  readonly items: readonly CorrelationItem[]
  /** Items beyond the limit. */
  readonly more: number
}

export interface CorrelationsRequest {
  readonly rule?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  /** Left out: everything but what matched. */
  readonly states?: readonly PairingState[] | undefined
  readonly limit: number
}

/** A correlation whose two sides do not agree. */
export interface CorrelationGap extends CorrelationItem {
  readonly kind: 'control-without-charge' | 'charge-without-control' | 'difference'
}

/** Something that is missing. */
export type Gap = SilentGap | ShortDayGap | SequenceGap | AgentGap | CorrelationGap

/** Every kind of gap, in the order they are listed. */
export const gapKinds = [
  'agent-silent',
  'agent-suspense',
  'agent-refusals',
  'agent-backlog',
  'agent-clock',
  'silent',
  'short-day',
  'sequence',
  'control-without-charge',
  'charge-without-control',
  'difference',
] as const satisfies readonly Gap['kind'][]

export type GapKind = (typeof gapKinds)[number]

export interface GapsRequest {
  /** Left out: now. */
  readonly atMs?: number | undefined
  readonly kinds?: readonly GapKind[] | undefined
  /** How many days back days and correlations are judged. */
  readonly days: number
  readonly limit: number
}

export interface GapsAnswer {
  readonly atMs: number
  /** How many there are of each kind that has any. */
  readonly counts: Readonly<Partial<Record<GapKind, number>>>
  readonly gaps: readonly Gap[]
  /** Gaps beyond the limit. */
  readonly more: number
  /** Events that were not looked at because something was too full to follow them. */
  readonly unobserved: readonly { readonly what: string; readonly events: number }[]
}
