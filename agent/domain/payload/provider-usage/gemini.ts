import { isJsonObject } from '../json-text.ts'
import { splitTokens, totalFault } from '../token-classes.ts'
import type { CountReader } from './count-reader.ts'
import { knownFields } from './known-fields.ts'
import { unfinished } from './unfinished.ts'
import type { UsageDialect } from './usage-dialect.ts'

const known = knownFields(
  [
    'promptTokenCount',
    'candidatesTokenCount',
    'responseTokenCount',
    'thoughtsTokenCount',
    'toolUsePromptTokenCount',
    'cachedContentTokenCount',
    'totalTokenCount',
  ],
  [
    'promptTokensDetails',
    'candidatesTokensDetails',
    'responseTokensDetails',
    'toolUsePromptTokensDetails',
    'cacheTokensDetails',
  ],
)

/**
 * `usageMetadata` of Gemini, on Google AI and on Vertex AI. Cached tokens are part of the prompt; tokens of tool results
 * are input on top of the prompt; thoughts are output on top of the candidates. (The Live API writes
 * `responseTokenCount` for `candidatesTokenCount`.) Audio is told by the details of each count. The protocol leaves out
 * counts that are zero.
 */
export const gemini: UsageDialect = {
  name: 'gemini/1',
  provider: 'gcp.gemini',
  known,
  unfinished: ({ candidates }) =>
    isCutShort(candidates)
      ? unfinished('a part of a stream (a candidate has no finishReason)', 'send the last one')
      : null,
  read: (usage, counts) => {
    const prompt = counts.count(usage['promptTokenCount'], 'promptTokenCount')
    const candidates = counts.count(usage['candidatesTokenCount'], 'candidatesTokenCount')
    const response = counts.count(usage['responseTokenCount'], 'responseTokenCount')
    const thoughts = counts.count(usage['thoughtsTokenCount'], 'thoughtsTokenCount')
    const toolUse = counts.count(usage['toolUsePromptTokenCount'], 'toolUsePromptTokenCount')
    const cached = counts.count(usage['cachedContentTokenCount'], 'cachedContentTokenCount')
    const total = counts.count(usage['totalTokenCount'], 'totalTokenCount')
    const promptAudio = audioIn(usage['promptTokensDetails'], 'promptTokensDetails', counts)
    const toolUseAudio = audioIn(usage['toolUsePromptTokensDetails'], 'toolUsePromptTokensDetails', counts)
    const cachedAudio = audioIn(usage['cacheTokensDetails'], 'cacheTokensDetails', counts)
    const candidatesAudio = audioIn(usage['candidatesTokensDetails'], 'candidatesTokensDetails', counts)
    const responseAudio = audioIn(usage['responseTokensDetails'], 'responseTokensDetails', counts)
    if (counts.problem !== null) return counts.problem

    const reasoning = thoughts ?? 0
    const answer = candidates ?? response
    const input = prompt === null && toolUse === null ? null : (prompt ?? 0) + (toolUse ?? 0)
    const output = (answer ?? 0) + reasoning
    const problem = totalFault('totalTokenCount', total, (input ?? 0) + output)
    if (problem !== null) return problem
    const tokens = splitTokens({
      input,
      output,
      cached,
      audioInput: (promptAudio ?? 0) + (toolUseAudio ?? 0),
      cachedAudio,
      reasoning,
      audioOutput: candidatesAudio ?? responseAudio,
    })
    return tokens.ok && answer === null ? { ok: true, value: { ...tokens.value, output: null } } : tokens
  },
  operation: ({ candidates }) => (Array.isArray(candidates) ? 'generate_content' : null),
}

/** The audio tokens in a list of `{modality, tokenCount}`; null when there is no such list. */
function audioIn(details: unknown, name: string, counts: CountReader): number | null {
  if (details === undefined || details === null) return null
  let audio = 0
  for (const detail of counts.list(details, name)) {
    if (!isJsonObject(detail)) continue
    const { modality, tokenCount } = detail
    if (modality !== 'AUDIO' && modality !== 'TEXT') continue
    counts.understood += 1
    const tokens = counts.count(tokenCount, `tokenCount of ${name}`)
    if (modality === 'AUDIO') audio += tokens ?? 0
  }
  return audio
}

/** "If empty, the model has not stopped generating tokens", says the reference of finishReason. */
function isCutShort(candidates: unknown): boolean {
  if (!Array.isArray(candidates)) return false
  for (const candidate of candidates as readonly unknown[])
    if (isJsonObject(candidate) && (candidate['finishReason'] ?? null) === null) return true
  return false
}
