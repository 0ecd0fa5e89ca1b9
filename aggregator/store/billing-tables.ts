import type { Database } from '@meterline/shared/sqlite/open.ts'
import { BilledLineTable } from './billed-line-table.ts'
import { CatalogueTable } from './catalogue-table.ts'
import { DocumentTable } from './document-table.ts'
import { LateTable } from './late-table.ts'
import { SegmentDayTable } from './segment-day-table.ts'
import { SegmentTable } from './segment-table.ts'

/** The part of a tenant's file that bills are made of. */
export interface BillingTables {
  readonly billedLines: Pick<BilledLineTable, 'of' | 'find' | 'relations'>
  readonly catalogues: Pick<CatalogueTable, 'inForceAt'>
  readonly documents: Pick<DocumentTable, 'ordinaryNumber' | 'periods' | 'keepsLines'>
  readonly lateMarks: Pick<LateTable, 'periodsOf' | 'list'>
  readonly segments: Pick<SegmentTable, 'accumulator' | 'accumulatorsOf' | 'keysOf' | 'leavesOf'>
  readonly segmentDays: Pick<SegmentDayTable, 'daysOf'>
  readonly log: { readonly size: number }
}

/** The same of a file that is only read, whose log has so many entries. */
export function billingTables(db: Database, logSize: number): BillingTables {
  return {
    billedLines: new BilledLineTable(db),
    catalogues: new CatalogueTable(db),
    documents: new DocumentTable(db),
    lateMarks: new LateTable(db),
    segments: new SegmentTable(db),
    segmentDays: new SegmentDayTable(db),
    log: { size: logSize },
  }
}
