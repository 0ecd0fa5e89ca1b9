import { oneLine } from '@meterline/shared/command-line/output.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import type { VoidTarget } from '../flow/find-voidable.ts'
import type { VoidReport, VoidedTarget } from '../flow/void-usage.ts'

/** What became of usage that was to be taken back: a line for each that was refused or voided before, then the sums. */
export function voidText({ dryRun, voided, before, refused, targets }: VoidReport): string {
  const notable = targets.filter(({ outcome }) => outcome !== 'voided' || targets.length === 1)
  const done = dryRun ? 'would be voided' : 'voided'
  return [
    ...notable.map(targetLine),
    `${counted(voided, 'event')} ${done}, ${before} voided before, ${refused} refused`,
  ].join('\n')
}

function targetLine({ target, outcome, code, message }: VoidedTarget): string {
  const name = oneLine(nameOf(target))
  if (outcome === 'voided') return `${name}: ${message}`
  return code === null ? `${name}: ${oneLine(message)}` : `${name}: refused, ${code}: ${oneLine(message)}`
}

function nameOf(target: VoidTarget): string {
  return 'logIndex' in target ? `${target.logIndex}:${target.unit}` : `${target.source} ${target.id}`
}
