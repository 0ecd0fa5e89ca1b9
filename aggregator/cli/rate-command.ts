import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { refuse, withJson } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { ratedCasesText, summaryOf } from './rate-texts.ts'

/** Adds the command that rates published pricing examples with the engine, without any service or books. */
export function addRate(program: Command, end: End): void {
  withJson(program.command('rate'))
    .description('Rate pricing examples with known answers, and say of each whether the answer came out.')
    .requiredOption('--cases <file>', 'the examples (JSON); see docs/rating-cases.md')
    .action(async (options: CommonOptions & { cases: string }) => {
      const json = options.json === true
      const text = readCasesFile(options.cases)
      if (!text.ok) return refuse(json, text.fault, exitCodes.usage, end)
      const { rateCases } = await import('../catalogue-files/rating-cases/rate-case.ts')
      const rated = rateCases(text.value)
      if (!rated.ok) {
        const { code, message } = rated.fault
        return refuse(json, fault(code, `${options.cases}: ${message}`), exitCodes.refused, end)
      }
      const summary = summaryOf(rated.value)
      printResult(json, { cases: rated.value, summary }, ratedCasesText(rated.value))
      if (summary.notOk > 0) end(exitCodes.problemsFound)
    })
}

const largestFileBytes = 64 * 1024 * 1024

function readCasesFile(file: string): Result<string, Fault<'file_unreadable'>> {
  try {
    const { size } = statSync(file)
    if (size <= largestFileBytes) return ok(readFileSync(file, 'utf8'))
    const most = largestFileBytes / (1024 * 1024)
    return failed(fault('file_unreadable', `${file} has ${size} bytes, at most ${most} MiB are read; divide it.`))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return failed(fault('file_unreadable', `${file} cannot be read: ${reason}`))
  }
}
