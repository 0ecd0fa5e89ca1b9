import type { JsonObject } from '../json-text.ts'
import { refused } from '../rejection.ts'
import type { Refused } from './count-reader.ts'

const anthropicEvents: ReadonlySet<unknown> = new Set([
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'ping',
])

// What ends a stream of OpenAI's Responses and Realtime APIs, however it ended.
const responseEnds: ReadonlySet<unknown> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
  'response.done',
])

const converseEvents = ['messageStart', 'contentBlockStart', 'contentBlockDelta', 'contentBlockStop', 'messageStop']

/** Refuses a stream event by its `type`, of Anthropic's Messages API and OpenAI's Responses API; null for any other. */
export function unfinishedType(type: unknown): Refused | null {
  if (typeof type !== 'string') return null
  if (anthropicEvents.has(type))
    return unfinished(`a "${type}" event of a stream`, 'send the whole message, as the client library puts it together')
  return type.startsWith('response.') && !responseEnds.has(type)
    ? unfinished(`a "${type.slice(0, 40)}" event of a stream`, 'send the "response.completed" event')
    : null
}

/** Refuses what has no usage because it is a piece of a stream, with a word about which piece has it; null for any other. */
export function unfinishedPiece(body: JsonObject): Refused | null {
  if (body['object'] === 'chat.completion.chunk') {
    return unfinished(
      'a chunk without usage',
      'ask for it with "stream_options": {"include_usage": true}, and send the last chunk',
    )
  }
  if (body['done'] === false) return unfinished('a part of a stream (done is false)', 'send the last one')
  const converse = converseEvents.find((name) => body[name] !== undefined)
  if (converse === undefined) return unfinishedType(body['type'])
  return unfinished(`a "${converse}" event of a stream`, 'send the "metadata" event, which has the usage')
}

/** The fault of a piece of a streamed answer. */
export function unfinished(what: string, instead: string): Refused {
  return refused('response_unfinished', `the payload is ${what}, whose token counts are not final: ${instead}`)
}
