import type { LineKind } from '../domain/billing/due-line.ts'
import type { NotCharged } from './simulated-usage.ts'

/** Which bill is tried with which tenant file. */
export interface SimulationRequest {
  /** Who gets the bill. */
  readonly account: string
  /** Key of the period. */
  readonly period: string
  readonly fileName: string
  readonly text: string
}

/** What a line comes to on one side; amounts in micros are decimal text. */
export interface SimulatedSide {
  readonly terms: string
  /** Base units, decimal text. */
  readonly quantity: string
  /** Exact. */
  readonly amountMicros: string
  /** As a document would have it, in the currency's minor units. */
  readonly amount: string
}

/** One thing that is owed now, by the file, or on documents. */
export interface SimulatedLine {
  readonly account: string
  readonly kind: LineKind
  readonly subscription: string
  readonly description: string
  readonly unit: string
  /** Null: it is not there. */
  readonly now: SimulatedSide | null
  readonly tried: SimulatedSide | null
  /** What documents say of it. */
  readonly billed: string
  /** `tried` less `now`, and less what is billed. */
  readonly difference: string
  readonly sinceBilled: string
}

/** What a whole bill comes to; without tax, the tax, and what has to be paid. */
export interface SimulatedTotal {
  readonly lines: string
  readonly tax: string
  readonly toPay: string
}

/** What one seller would bill for the period. */
export interface SimulatedBill {
  readonly seller: string
  readonly buyer: string
  readonly currency: string
  readonly lines: readonly SimulatedLine[]
  readonly now: SimulatedTotal
  readonly tried: SimulatedTotal
  /** What documents say of the period's lines, without tax. */
  readonly billed: string
  /** `tried` less `now`. */
  readonly difference: SimulatedTotal
  /** Of the lines, less what is billed. */
  readonly sinceBilled: string
  /** What usage in suspense would add to the charges by the file, exact; decimal text. */
  readonly suspendedMicros: string
}

/** A unit in suspense that the file would charge; it is on none of the bills. */
export interface ChargeableUnit {
  readonly logIndex: number
  readonly unit: number
  readonly code: string
  readonly source: string
  readonly eventId: string | null
  readonly timeMs: number
}

/** What a period would come to by a tenant file that is not applied. */
export interface Simulation {
  readonly tenant: string
  readonly account: string
  readonly period: string
  readonly file: string
  /** By seller and currency. */
  readonly bills: readonly SimulatedBill[]
  /** Batches and units that were rated again. */
  readonly batches: number
  readonly units: number
  /** Usage that is charged and would not be. */
  readonly notCharged: readonly NotCharged[]
  readonly suspended: {
    /** All that would be charged; the first of them one by one. */
    readonly units: number
    readonly listed: readonly ChargeableUnit[]
  }
  /** Why the file could not be applied as it is; empty when it could. */
  readonly obstacles: readonly string[]
}
