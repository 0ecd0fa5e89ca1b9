import { z } from 'zod'

/** What this reads of vitest's JSON report. */
export const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** Counts of tests, and what has to be said about them at the end. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly notes: readonly string[]
}

// The only reasons a test may be skipped for: an outside program or a real trace that is not on this machine. A test
// names its reason in its own name.
const allowedReasons = ['METERLINE_TRACES', 'mosquitto', 'needs a C compiler']

/**
 * Counts one run of vitest. Besides failed tests these are failures: a file that could not be loaded, a skipped test
 * without an allowed reason in its name, and a run that broke (`report` undefined), found no test, or ended badly
 * although no test failed (`succeeded` false).
 */
export function tally(step: string, report: z.output<typeof reportSchema> | undefined, succeeded: boolean): Tally {
  if (report === undefined)
    return { passed: 0, failed: 1, skipped: 0, notes: [`failed: ${step}: vitest left no report`] }
  let passed = 0
  let failed = 0
  let skipped = 0
  const notes: string[] = []
  const fail = (note: string): void => {
    failed++
    notes.push(`failed: ${note}`)
  }
  for (const file of report.testResults) {
    const noneFailed = file.assertionResults.every(({ status }) => status !== 'failed')
    if (file.status === 'failed' && noneFailed) fail(`${file.name}: ${file.message.split('\n')[0] ?? ''}`)
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') passed++
      else if (status === 'failed') fail(fullName)
      else if (allowedReasons.some((reason) => fullName.includes(reason))) {
        skipped++
        notes.push(`skipped: ${fullName}`)
      } else fail(`${fullName} (${status} without naming an outside program or trace that is missing)`)
    }
  }
  if (passed + failed + skipped === 0) fail(`${step}: there were no tests`)
  else if (!succeeded && failed === 0) fail(`${step}: vitest ended badly although every test passed`)
  return { passed, failed, skipped, notes }
}
