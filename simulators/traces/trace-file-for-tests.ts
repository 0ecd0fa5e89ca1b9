import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { UsageCount, type ExpectedUsage } from './expected-usage.ts'
import type { Trace } from './trace-row.ts'

/** A file with these contents that is gone after the test. */
export function traceFile(contents: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'meterline-trace-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'trace')
  writeFileSync(file, contents)
  return file
}

/** Everything a generator gives. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

/** What a whole trace adds up to. */
export async function totalsOf(trace: Trace): Promise<ExpectedUsage> {
  const count = new UsageCount()
  for await (const row of trace.rows()) count.add(row)
  return count.expected()
}
