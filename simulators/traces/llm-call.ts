import type { TraceRow } from './trace-row.ts'

/** One call of a language model, as traces tell it. */
export interface LlmCall {
  /** Position in the file, from 0: what makes the call's id stable between replays. */
  readonly row: number
  readonly timeMs: number
  /** All tokens of the prompt, cached or not. */
  readonly inputTokens: number
  /** Those of them that came out of a cache; null where the trace says nothing of caches. */
  readonly cachedInputTokens: number | null
  readonly outputTokens: number
}

/** How the calls of a trace are published. */
export interface LlmPublishing {
  readonly device: string
  /** Model named in every call. */
  readonly model: string
  /** What ids begin with; the row follows. */
  readonly idPrefix: string
  readonly prefix: string
}

/**
 * The row an AI gateway would publish for a call, under the OpenTelemetry gen_ai names, where cached tokens are a part
 * of the input. On the invoice each token stands once, in its own class.
 */
export function llmRow(call: LlmCall, how: LlmPublishing): TraceRow {
  const cached = call.cachedInputTokens
  const payload = {
    'gen_ai.response.id': `${how.idPrefix}-${String(call.row).padStart(6, '0')}`,
    'gen_ai.response.model': how.model,
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': call.inputTokens,
    ...(cached === null ? {} : { 'gen_ai.usage.cache_read.input_tokens': cached }),
    'gen_ai.usage.output_tokens': call.outputTokens,
    time: call.timeMs,
  }
  return {
    row: call.row,
    timeMs: call.timeMs,
    topic: `${how.prefix}/${how.device}/ai`,
    payload: Buffer.from(JSON.stringify(payload)),
    identity: null,
    usage: {
      'ai.input_tokens': BigInt(call.inputTokens - (cached ?? 0)),
      ...(cached === null || cached === 0 ? {} : { 'ai.cached_input_tokens': BigInt(cached) }),
      'ai.output_tokens': BigInt(call.outputTokens),
    },
  }
}
