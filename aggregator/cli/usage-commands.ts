import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { VoidTarget } from '../flow/find-voidable.ts'
import type { VoidReport } from '../flow/void-usage.ts'
import { askAggregator, refuse, tenantOf, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { voidText } from './usage-texts.ts'
import { placesOf } from './unit-place.ts'
import { parseVoidList } from './void-list.ts'

interface VoidOptions {
  readonly source?: string
  readonly id?: string
  readonly file?: string
  readonly reason: string
  readonly by: string
  readonly dryRun?: boolean
}

/** Adds the commands about usage that was charged. */
export function addUsage(program: Command, end: End): void {
  const usage = program.command('usage').description('Usage that was received and charged.')
  withTenant(withJson(withConfig(usage.command('void'))))
    .description(
      'Take charged usage back, as if it had never come: what it was charged is reversed on every leg, and what stands on ' +
        'documents already is credited by the next one. Its id stays taken. Given again, it changes nothing.',
    )
    .argument('[places...]', 'places of units, as "disposition" and "suspense list" show them: batch:unit')
    .option('--source <source>', 'the source of the event')
    .option('--id <id>', 'the id of the event')
    .option('--file <file>', 'a list: on each line a place, or a JSON object with "source" and "id"; at most 10000')
    .requiredOption('--reason <text>', 'why, in at most 200 bytes')
    .requiredOption('--by <name>', 'who decides it, in at most 200 bytes')
    .option('--dry-run', 'only say what would become of it')
    .addHelpText('after', voidHelp)
    .action(async (places: string[], options: CommonOptions & VoidOptions, command: Command) => {
      const json = options.json === true
      const targets = targetsOf(places, options)
      if (!targets.ok) return refuse(json, targets.fault, exitCodes.usage, end)
      const { reason, by, dryRun = false } = options
      const input = { ...tenantOf(options), targets: targets.value, reason, by, dryRun }
      const answer = await askAggregator(command, 'usage-void', input, json, end)
      if (answer === null) return
      const report = answer as VoidReport
      printResult(json, answer, voidText(report))
      if (report.refused > 0) end(exitCodes.refused)
    })
}

const voidHelp = `
Usage in suspense is discarded instead ("suspense discard"). What was voided leaves its place to other content under the
same source and id that waits in suspense: "suspense replay --code event_conflict" charges it then.
`

/** What an order names, in exactly one of the ways to do so. */
function targetsOf(
  places: readonly string[],
  { source, id, file }: VoidOptions,
): Result<readonly VoidTarget[], Fault<string>> {
  const ways = [places.length > 0, source !== undefined || id !== undefined, file !== undefined].filter(Boolean).length
  if (ways !== 1) return mistake('Say what to take back: --source and --id, or places, or --file.')
  if (file !== undefined) return listOf(file)
  if (places.length === 0) {
    if (source === undefined || id === undefined) return mistake('An event is named by both --source and --id.')
    return ok([{ source, id }])
  }
  const named = placesOf(places)
  return named === null ? mistake(`${places.join(' ')}: write batch and unit, such as 17:3.`) : ok(named)
}

function listOf(file: string): Result<readonly VoidTarget[], Fault<string>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return mistake(`The list ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  const parsed = parseVoidList(text)
  return parsed.ok ? parsed : mistake(`${file}: ${parsed.fault.message}.`)
}

function mistake(text: string): Result<never, Fault<string>> {
  return failed(fault('arguments_invalid', text))
}
