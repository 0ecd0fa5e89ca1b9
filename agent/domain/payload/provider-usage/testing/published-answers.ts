import { expect } from 'vitest'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { normalise, type Normalised } from '../../../normalise.ts'

/** When the answers of these tests arrive, epoch milliseconds. */
export const receivedMs = 1_790_000_000_000

/** Publishes an answer as JSON, as a server would. */
export function publish(body: unknown): Normalised {
  return normalise('ai', 'llm-1', Buffer.from(JSON.stringify(body)), receivedMs)
}

/** The one event of an answer that must be accepted. */
export function eventOf(body: unknown): UsageEvent | undefined {
  const { events, rejected } = publish(body)
  expect(rejected.map(({ message }) => message)).toEqual([])
  return events[0]
}

/** The tokens of an answer by meter. */
export function classesOf(body: unknown): Readonly<Record<string, number>> {
  return Object.fromEntries((eventOf(body)?.measured ?? []).map(({ meter, quantity }) => [meter, Number(quantity)]))
}

/** The labels of an answer by key. */
export function labelsOf(body: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(eventOf(body)?.labels ?? [])
}

/** Why an answer was refused. */
export function codesOf(body: unknown): readonly string[] {
  return publish(body).rejected.map(({ code }) => code)
}

/** A chat completion as OpenAI returns it. */
export const chatAnswer = {
  id: 'chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG',
  object: 'chat.completion',
  created: 1_741_570_283,
  model: 'gpt-4.1-2025-04-14',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!', refusal: null }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 1117,
    completion_tokens: 146,
    total_tokens: 1263,
    prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 100,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  },
  service_tier: 'default',
  system_fingerprint: 'fp_44709d6fcb',
}
