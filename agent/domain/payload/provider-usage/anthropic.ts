import { ok } from '@meterline/shared/base/errors.ts'
import { refused } from '../rejection.ts'
import { totalFault, totalInput, type TokenClasses } from '../token-classes.ts'
import { knownFields } from './known-fields.ts'
import { unfinished, unfinishedType } from './unfinished.ts'
import type { UsageDialect } from './usage-dialect.ts'

const known = knownFields([
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation.ephemeral_5m_input_tokens',
  'cache_creation.ephemeral_1h_input_tokens',
  'output_tokens_details.thinking_tokens',
  'total_tokens',
  'service_tier',
])

/**
 * `usage` of Anthropic's Messages API. Its input tokens exclude what was read from and written to the cache: the whole
 * input is the sum of the three. Cache writes are broken down by lifetime, five minutes and an hour. Thinking tokens are
 * part of the output.
 */
export const anthropic: UsageDialect = {
  name: 'anthropic/1',
  provider: 'anthropic',
  known,
  unfinished: (response) => {
    const type = response['type']
    if (type === 'message' && response['stop_reason'] === null)
      return unfinished('the beginning of a message (its stop_reason is null)', 'send the whole message')
    return type === 'message' ? null : unfinishedType(type)
  },
  read: (usage, counts) => {
    const input = counts.count(usage['input_tokens'], 'input_tokens')
    const output = counts.count(usage['output_tokens'], 'output_tokens')
    const cached = counts.count(usage['cache_read_input_tokens'], 'cache_read_input_tokens')
    const statedCreation = counts.count(usage['cache_creation_input_tokens'], 'cache_creation_input_tokens')
    const lifetimes = counts.group(usage['cache_creation'], 'cache_creation')
    const creation5m = counts.count(lifetimes['ephemeral_5m_input_tokens'], 'ephemeral_5m_input_tokens')
    const creation1h = counts.count(lifetimes['ephemeral_1h_input_tokens'], 'ephemeral_1h_input_tokens')
    const outputDetails = counts.group(usage['output_tokens_details'], 'output_tokens_details')
    const thinking = counts.count(outputDetails['thinking_tokens'], 'thinking_tokens')
    const total = counts.count(usage['total_tokens'], 'total_tokens')
    if (usage['service_tier'] !== undefined) counts.understood += 1
    if (counts.problem !== null) return counts.problem

    const isBrokenDown = creation5m !== null || creation1h !== null
    const byLifetime = (creation5m ?? 0) + (creation1h ?? 0)
    if (isBrokenDown && statedCreation !== null && statedCreation !== byLifetime) {
      return refused(
        'token_classes_inconsistent',
        `cache_creation_input_tokens says ${statedCreation}, but cache_creation comes to ${byLifetime}`,
      )
    }
    const reasoning = thinking ?? 0
    if (reasoning > (output ?? 0)) {
      return refused(
        'token_classes_inconsistent',
        `thinking_tokens (${reasoning}) are part of output_tokens and cannot exceed them (${output ?? 'not stated'})`,
      )
    }
    const tokens: TokenClasses = {
      input,
      cachedInput: cached ?? 0,
      cacheCreation: isBrokenDown ? (creation5m ?? 0) : (statedCreation ?? 0),
      cacheCreation1h: creation1h ?? 0,
      audioInput: 0,
      output: output === null ? null : output - reasoning,
      reasoning,
      audioOutput: 0,
    }
    if (total === null) return ok(tokens)
    return totalFault('total_tokens', total, totalInput(tokens) + (output ?? 0)) ?? ok(tokens)
  },
  operation: ({ type }) => (type === 'message' ? 'chat' : null),
}
