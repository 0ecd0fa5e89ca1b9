import { isJsonObject } from '../json-text.ts'
import { splitTokens } from '../token-classes.ts'
import type { UsageDialect } from './usage-dialect.ts'

/** The native answer of Amazon's Titan text and embedding models on Bedrock (InvokeModel). */
export const bedrockTitan: UsageDialect = {
  name: 'bedrock-titan/1',
  provider: 'aws.bedrock',
  known: null,
  unfinished: () => null,
  read: (answer, counts) => {
    const input = counts.count(answer['inputTextTokenCount'], 'inputTextTokenCount')
    let output: number | null = null
    for (const result of counts.list(answer['results'], 'results')) {
      const tokens = isJsonObject(result) ? counts.count(result['tokenCount'], 'tokenCount of results') : null
      if (tokens !== null) output = (output ?? 0) + tokens
    }
    return counts.problem ?? splitTokens({ input, output })
  },
  operation: ({ results, embedding }) => {
    if (Array.isArray(results)) return 'text_completion'
    return Array.isArray(embedding) ? 'embeddings' : null
  },
}

/** The native answer of Meta's Llama models on Bedrock (InvokeModel). */
export const bedrockLlama: UsageDialect = {
  name: 'bedrock-llama/1',
  provider: 'aws.bedrock',
  known: null,
  unfinished: () => null,
  read: (answer, counts) => {
    const input = counts.count(answer['prompt_token_count'], 'prompt_token_count')
    const output = counts.count(answer['generation_token_count'], 'generation_token_count')
    return counts.problem ?? splitTokens({ input, output })
  },
  operation: () => 'text_completion',
}
