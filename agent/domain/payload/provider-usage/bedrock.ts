import { ok } from '@meterline/shared/base/errors.ts'
import { isJsonObject } from '../json-text.ts'
import { refused } from '../rejection.ts'
import { totalFault, totalInput, type TokenClasses } from '../token-classes.ts'
import type { CountReader } from './count-reader.ts'
import { knownFields } from './known-fields.ts'
import type { UsageDialect } from './usage-dialect.ts'

const known = knownFields(
  [
    'inputTokens',
    'outputTokens',
    'totalTokens',
    'cacheReadInputTokens',
    'cacheWriteInputTokens',
    // Some answers state both of these a second time under another name.
    'cacheReadInputTokenCount',
    'cacheWriteInputTokenCount',
  ],
  ['cacheDetails'],
)

/**
 * `usage` of Amazon Bedrock's Converse, and of the `metadata` event that ends a ConverseStream. Input tokens exclude what
 * was read from and written to the cache. `totalTokens` has been seen with and without the cached ones, so that both
 * are taken for agreement.
 */
export const bedrock: UsageDialect = {
  name: 'bedrock/1',
  provider: 'aws.bedrock',
  known,
  unfinished: () => null,
  read: (usage, counts) => {
    const input = counts.count(usage['inputTokens'], 'inputTokens')
    const output = counts.count(usage['outputTokens'], 'outputTokens')
    const total = counts.count(usage['totalTokens'], 'totalTokens')
    const cacheRead = counts.count(usage['cacheReadInputTokens'], 'cacheReadInputTokens')
    const cacheWrite = counts.count(usage['cacheWriteInputTokens'], 'cacheWriteInputTokens')
    const readAgain = counts.count(usage['cacheReadInputTokenCount'], 'cacheReadInputTokenCount')
    const writtenAgain = counts.count(usage['cacheWriteInputTokenCount'], 'cacheWriteInputTokenCount')
    const hourWrites = writtenForAnHour(usage['cacheDetails'], counts)
    if (counts.problem !== null) return counts.problem

    const written = cacheWrite ?? writtenAgain ?? 0
    if (hourWrites > written) {
      return refused(
        'token_classes_inconsistent',
        `cacheDetails has ${hourWrites} tokens written for an hour, more than all that were written (${written})`,
      )
    }
    const tokens: TokenClasses = {
      input,
      cachedInput: cacheRead ?? readAgain ?? 0,
      cacheCreation: written - hourWrites,
      cacheCreation1h: hourWrites,
      audioInput: 0,
      output,
      reasoning: 0,
      audioOutput: 0,
    }
    if (total === null || total === (input ?? 0) + (output ?? 0)) return ok(tokens)
    return totalFault('totalTokens', total, totalInput(tokens) + (output ?? 0)) ?? ok(tokens)
  },
  operation: ({ output, metrics }) => (isJsonObject(output) || isJsonObject(metrics) ? 'chat' : null),
}

/** The tokens of `cacheDetails`, a list of `{ttl, inputTokens}`, whose lifetime is an hour. */
function writtenForAnHour(details: unknown, counts: CountReader): number {
  let written = 0
  for (const detail of counts.list(details, 'cacheDetails')) {
    if (!isJsonObject(detail)) continue
    counts.understood += 1
    const tokens = counts.count(detail['inputTokens'], 'inputTokens of cacheDetails')
    if (detail['ttl'] === '1h') written += tokens ?? 0
  }
  return written
}
