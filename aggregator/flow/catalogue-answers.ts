import type { CatalogueDescription } from '../domain/catalogue/describe-catalogue.ts'

/** One version of the catalogue, as the history lists it. */
export interface CatalogueVersionItem {
  /** Log index of its apply. */
  readonly version: number
  /** Hexadecimal. */
  readonly hash: string
  readonly fileName: string
  readonly appliedMs: number
  /** Of its canonical form. */
  readonly bytes: number
}

/** What a version of the catalogue says at an instant. */
export interface CatalogueAnswer extends CatalogueDescription {
  readonly version: number
  readonly fileName: string
  readonly appliedMs: number
  readonly atMs: number
}

/** One side of a comparison: a version by its number (null: the one in force), or a file that need not be applied. */
export type CatalogueSide = { readonly version: number | null } | { readonly fileName: string; readonly text: string }

/** What is different, a line for each thing; `before` and `after` are what was compared. */
export interface CatalogueDifference {
  readonly before: string
  readonly after: string
  /** Lines for people: what is new (+), gone (-) and different (~). */
  readonly diff: readonly string[]
}

/** A version of the catalogue as a tenant file that applies to the same content. */
export interface CatalogueExport {
  readonly version: number
  readonly hash: string
  readonly yaml: string
}
