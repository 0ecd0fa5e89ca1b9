import { counted } from '@meterline/shared/command-line/counted.ts'
import { oneLine } from '@meterline/shared/command-line/output.ts'
import type { ImportedTable, ModelsByNote } from '../catalogue-files/ai-prices/import-table.ts'

/** What became of a price table, for people: how many models are priced, and why the others are not. */
export function importText(imported: Omit<ImportedTable, 'matrix'>, rows: number): string {
  const { modelsRead, modelsPriced, refused, leftOut, assumed } = imported
  return [
    `${modelsPriced} of ${counted(modelsRead, 'model')} priced, in ${counted(rows, 'row')}.`,
    ...section('Not in the matrix, because the model', refused),
    ...section('Charged on top of tokens and not in the matrix', leftOut),
    ...section('Not stated, so the standard price is taken', assumed),
  ].join('\n')
}

function section(title: string, notes: readonly ModelsByNote[]): readonly string[] {
  if (notes.length === 0) return []
  return [
    '',
    `${title}:`,
    ...notes.map(({ note, models }) => `${String(models.length).padStart(6)}  ${oneLine(`${note}: ${some(models)}`)}`),
  ]
}

const mostNamed = 3

function some(models: readonly string[]): string {
  const named = models.slice(0, mostNamed).join(', ')
  return models.length > mostNamed ? `${named}, …` : named
}
