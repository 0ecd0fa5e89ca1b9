import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { repositoryRoot } from './source-files.ts'
import { reportSchema, tally, type Tally } from './test-tally.ts'

interface Step {
  readonly name: string
  /** The program's file under node_modules, and its arguments. */
  readonly program: string
  readonly arguments: readonly string[]
  /** A step that takes longer hangs, and is ended. */
  readonly limitMs: number
  /** A step of vitest is counted test by test, any other as one. */
  readonly vitest: boolean
}

const minuteMs = 60_000

const toolSteps: readonly Step[] = [
  { name: 'type check', program: 'typescript/bin/tsc', arguments: ['--noEmit'], limitMs: 5 * minuteMs, vitest: false },
  {
    name: 'lint',
    program: 'oxlint/bin/oxlint',
    arguments: ['--type-aware', '--deny-warnings'],
    limitMs: 5 * minuteMs,
    vitest: false,
  },
  {
    name: 'format check',
    program: 'prettier/bin/prettier.cjs',
    arguments: ['--check', '--log-level', 'warn', '.'],
    limitMs: 5 * minuteMs,
    vitest: false,
  },
]

/**
 * Runs every check of the repository in order and goes on after failures, so that one run shows them all. Ends with the
 * line `N passed, N failed` (and `, N skipped` when some were); gives the exit code.
 */
export async function runAllTests(options: { readonly long: boolean }): Promise<number> {
  const steps = [
    ...toolSteps,
    vitestStep('unit, property and world tests', 'unit', 30 * minuteMs),
    vitestStep('end-to-end tests with real processes', 'e2e', 60 * minuteMs),
    ...(options.long ? [vitestStep('long tier', 'long', 48 * 60 * minuteMs)] : []),
  ]
  const reportFolder = mkdtempSync(join(tmpdir(), 'meterline-tests-'))
  const total = { passed: 0, failed: 0, skipped: 0 }
  const notes: string[] = []
  try {
    for (const [index, step] of steps.entries()) {
      console.log(`\n[${index + 1}/${steps.length}] ${step.name}`)
      const startedMs = performance.now()
      const result = await runStep(step, join(reportFolder, `${index}.json`), options.long)
      total.passed += result.passed
      total.failed += result.failed
      total.skipped += result.skipped
      notes.push(...result.notes)
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
      console.log(
        `[${index + 1}/${steps.length}] ${step.name}: ${result.failed === 0 ? 'passed' : 'FAILED'} (${seconds} s)`,
      )
    }
  } finally {
    rmSync(reportFolder, { recursive: true, force: true })
  }
  if (notes.length > 0) console.log(`\n${notes.join('\n')}`)
  const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
  return total.failed === 0 ? 0 : 1
}

function vitestStep(name: string, project: string, limitMs: number): Step {
  return { name, program: 'vitest/vitest.mjs', arguments: ['run', '--project', project], limitMs, vitest: true }
}

async function runStep(step: Step, reportFile: string, long: boolean): Promise<Tally> {
  const reporters = step.vitest ? ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`] : []
  const succeeded = await run(step, reporters, long)
  if (!step.vitest) {
    return {
      passed: succeeded ? 1 : 0,
      failed: succeeded ? 0 : 1,
      skipped: 0,
      notes: succeeded ? [] : [`failed: ${step.name}`],
    }
  }
  return tally(step.name, readReport(reportFile), succeeded)
}

/** Runs a step's program on this same Node; gives whether it ended well. Its output goes straight through. */
function run(step: Step, reporters: readonly string[], long: boolean): Promise<boolean> {
  const binaries = join(repositoryRoot, 'node_modules', '.bin')
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(repositoryRoot, 'node_modules', step.program), ...step.arguments, ...reporters],
      {
        timeout: step.limitMs,
        cwd: repositoryRoot,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          ...process.env,
          PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}`,
          ...(long ? { METERLINE_LONG: '1' } : {}),
        },
      },
    )
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (signal !== null) console.log(`ended by ${signal} (the limit is ${step.limitMs / minuteMs} minutes)`)
      resolve(code === 0)
    })
  })
}

function readReport(file: string): ReturnType<typeof reportSchema.safeParse>['data'] {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // A run that broke before its report was written is counted as one failure by the tally.
    return undefined
  }
}
