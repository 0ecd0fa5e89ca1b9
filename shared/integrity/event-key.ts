import { sha256Binary } from './hash.ts'
import { DeterministicWriter } from './deterministic-writer.ts'

/** Bytes of an event key. */
export const eventKeyBytes = 16

// One writer for all keys: everything here is synchronous. It keeps the encoded tenant and source between calls, because
// the events of a payload or batch come in runs of the same source.
const preimage = new DeterministicWriter(512)
let preimageTenant: string | null = null
let preimageSource: string | null = null
let prefixBytes = 0

/**
 * The identity of an event for ever, as 16 bytes: the first half of SHA-256 over the deterministic encoding of the array
 * [tenant, source, event id]. The encoding puts each text's length before it, so no two identities share a preimage.
 */
export function eventKey(tenant: string, source: string, eventId: string): Uint8Array {
  const key = new Uint8Array(eventKeyBytes)
  eventKeyInto(tenant, source, eventId, key, 0)
  return key
}

/** Writes the 16 bytes of an event key to `out` from `offset` on, without an allocation that outlives the call. */
export function eventKeyInto(tenant: string, source: string, eventId: string, out: Uint8Array, offset: number): void {
  if (tenant !== preimageTenant || source !== preimageSource) startPreimage(tenant, source)
  preimage.truncate(prefixBytes)
  preimage.text(eventId)
  const hash = sha256Binary(preimage.view())
  for (let index = 0; index < eventKeyBytes; index++) out[offset + index] = hash.charCodeAt(index)
}

function startPreimage(tenant: string, source: string): void {
  preimageTenant = null
  preimage.truncate(0)
  preimage.arrayHead(3)
  preimage.text(tenant)
  preimage.text(source)
  prefixBytes = preimage.length
  preimageTenant = tenant
  preimageSource = source
}

/** What the content check reads of a usage event and of a rating unit alike. */
export interface CheckedContent {
  readonly subject: string
  readonly timeMs: number
  readonly labels: readonly (readonly [string, string])[]
  readonly facts: readonly (readonly [string, bigint])[]
}

/** A quantity of a meter, as both a measured quantity and a usage record have it. */
export interface CheckedQuantity {
  readonly meter: string
  readonly quantity: bigint
}

/** Two unsigned 32-bit lanes. */
export interface ContentCheck {
  check0: number
  check1: number
}

const twoTo32 = 4_294_967_296
const annotationSign = 0x2b

/**
 * Tells whether two events under the same event key say the same: equal content gives an equal check, in any order of
 * labels, facts and quantities, from `contentCheck(event, event.measured, out)` at the agent and from
 * `contentCheck(unit, unit.records, out)` at the aggregator. What each side adds (arrival time, pre-rating, spends) is
 * not part of it, nor are annotations (labels whose key begins with `+`): a field that one version of a reader keeps and
 * another understands does not make a repeated event another one. Fills and returns `out`, so that a caller on a
 * measured path can keep one.
 *
 * The hash is fast and not cryptographic, and need not be. The key, which is, decides whether an event is charged: the
 * first one wins. The check only decides what happens to a later one: equal is counted as a duplicate, different goes to
 * suspense as a conflict. Neither is ever charged, so a publisher who forges a collision gains a duplicate instead of a
 * conflict, about an event of his own.
 */
export function contentCheck(
  content: CheckedContent,
  quantities: readonly CheckedQuantity[],
  out: ContentCheck,
): ContentCheck {
  // Pairs are hashed alone and added up, which makes their order irrelevant without sorting.
  let labels0 = content.labels.length
  let labels1 = content.labels.length
  for (const label of content.labels) {
    if (label[0].charCodeAt(0) === annotationSign) {
      labels0 = (labels0 - 1) | 0
      labels1 = (labels1 - 1) | 0
      continue
    }
    const key = lanesOf(label[0])
    const value = lanesOf(label[1])
    labels0 = (labels0 + mix0(mix0(1, key.lane0), value.lane0)) | 0
    labels1 = (labels1 + mix1(mix1(1, key.lane1), value.lane1)) | 0
  }
  let facts0 = content.facts.length
  let facts1 = content.facts.length
  for (const fact of content.facts) {
    const key = lanesOf(fact[0])
    splitBig(fact[1])
    facts0 = (facts0 + mix0(mix0(mix0(2, key.lane0), low), high)) | 0
    facts1 = (facts1 + mix1(mix1(mix1(2, key.lane1), low), high)) | 0
  }
  let quantities0 = quantities.length
  let quantities1 = quantities.length
  for (const measured of quantities) {
    const meter = lanesOf(measured.meter)
    splitBig(measured.quantity)
    quantities0 = (quantities0 + mix0(mix0(mix0(3, meter.lane0), low), high)) | 0
    quantities1 = (quantities1 + mix1(mix1(mix1(3, meter.lane1), low), high)) | 0
  }
  const subject = lanesOf(content.subject)
  splitNumber(content.timeMs)
  out.check0 = mix0(mix0(mix0(mix0(mix0(mix0(4, subject.lane0), low), high), labels0), facts0), quantities0) >>> 0
  out.check1 = mix1(mix1(mix1(mix1(mix1(mix1(4, subject.lane1), low), high), labels1), facts1), quantities1) >>> 0
  return out
}

// The two 32-bit words of the last number split. Module variables spare an allocation; nothing here is asynchronous.
let low = 0
let high = 0

// A bigint is split by storing it in memory, which takes half the time of arithmetic on it; which word comes first is the
// machine's choice.
const splitter = new BigInt64Array([1n])
const splitterWords = new Int32Array(splitter.buffer)
const lowWord = splitterWords[0] === 1 ? 0 : 1
const highWord = 1 - lowWord

function splitNumber(value: number): void {
  low = value | 0
  high = Math.floor(value / twoTo32) | 0
}

function splitBig(value: bigint): void {
  splitter[0] = value
  low = splitterWords[lowWord] ?? 0
  high = splitterWords[highWord] ?? 0
}

interface TextLanes {
  readonly lane0: number
  readonly lane1: number
}

// Meters, label keys, models and most subjects come again and again, so their lanes are kept, up to a cap.
const keptTexts = 8192
const kept = new Map<string, TextLanes>()

function lanesOf(text: string): TextLanes {
  return kept.get(text) ?? keepLanes(text)
}

function keepLanes(text: string): TextLanes {
  let lane0 = text.length
  let lane1 = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    lane0 = mix0(lane0, unit)
    lane1 = mix1(lane1, unit)
  }
  const lanes = { lane0, lane1 }
  if (kept.size >= keptTexts) kept.clear()
  kept.set(text, lanes)
  return lanes
}

// Two multiply-and-shift mixers with different odd constants (of xxHash and MurmurHash3). Each step is a bijection of the
// state for a given word and of the word for a given state, so a single difference never vanishes.
function mix0(state: number, word: number): number {
  let mixed = Math.imul(state ^ word, 0x9e37_79b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca77)
  return mixed ^ (mixed >>> 13)
}

function mix1(state: number, word: number): number {
  let mixed = Math.imul(state ^ word, 0xc2b2_ae35)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x27d4_eb2f)
  return mixed ^ (mixed >>> 12)
}
