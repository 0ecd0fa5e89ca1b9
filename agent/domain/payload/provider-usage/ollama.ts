import { splitTokens } from '../token-classes.ts'
import { unfinished } from './unfinished.ts'
import type { UsageDialect } from './usage-dialect.ts'

/**
 * The counts of Ollama's own API (`/api/chat`, `/api/generate`, `/api/embed`), which stand among the members of its
 * answer. Cached tokens are part of the prompt. Releases before 0.33 left the prompt's count out when all of it came
 * from the cache: then it stays unstated.
 */
export const ollama: UsageDialect = {
  name: 'ollama/1',
  provider: 'ollama',
  known: null,
  unfinished: ({ done }) =>
    done === false ? unfinished('a part of a stream (done is false)', 'send the last one') : null,
  read: (answer, counts) => {
    const input = counts.count(answer['prompt_eval_count'], 'prompt_eval_count')
    const cached = counts.count(answer['prompt_eval_cached_count'], 'prompt_eval_cached_count')
    const output = counts.count(answer['eval_count'], 'eval_count')
    return counts.problem ?? splitTokens({ input, cached, output })
  },
  operation: ({ message, response, embeddings }) => {
    if (typeof message === 'object' && message !== null) return 'chat'
    if (typeof response === 'string') return 'text_completion'
    return Array.isArray(embeddings) ? 'embeddings' : null
  },
}
