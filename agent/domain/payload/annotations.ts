import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { insertSorted, isStorable, type Label } from './fields.ts'

/**
 * Fields of a payload that no reader of this version understands, on their way to become annotations: labels beginning
 * with `+`, which are kept and signed with the event but are no part of what makes two events the same.
 */
export interface Annotations {
  readonly labels: Label[]
  /** Fields that cannot be kept: no text, number or boolean, or too long. */
  unkept: number
}

const dialectKey = '+dialect'
const plusSign = 0x2b
/** How many unknown fields did not fit. */
const unkeptKey = '+unkept'

/** No annotations yet. */
export function noAnnotations(): Annotations {
  return { labels: [], unkept: 0 }
}

/** The annotation that says which reader understood the payload. */
export function dialectLabel(name: string): Label {
  return [dialectKey, name]
}

/** Whether a label is one of the event's own, and no annotation. */
export function isDimension(label: Label): boolean {
  return label[0].charCodeAt(0) !== plusSign
}

/** Keeps one unknown field under its path. Members that are null count as left out. */
export function annotate(annotations: Annotations, key: string, value: unknown): void {
  if (value === null || value === undefined) return
  if (isStorable(key, usageEventLimits.labelKeyBytes)) annotateKnown(annotations, key, value)
  else annotations.unkept += 1
}

/** Keeps one field under a key of ours. */
export function annotateKnown(annotations: Annotations, key: string, value: unknown): void {
  if (value === null || value === undefined) return
  const text = typeof value === 'string' ? value : scalarText(value)
  const fits = text !== null && (text === '' || isStorable(text, usageEventLimits.labelValueBytes))
  // More than an event can have are not worth holding: a payload may have thousands.
  if (fits && annotations.labels.length < usageEventLimits.labels) annotations.labels.push([key, text])
  else annotations.unkept += 1
}

/**
 * The labels of an event with its annotations, sorted by key. An event has room for 16 labels: its own go first, then
 * annotations in the order they were found; how many found no room is said in `+unkept`, in a place of its own.
 */
export function withAnnotations(labels: readonly Label[], annotations: Annotations): readonly Label[] {
  const room = usageEventLimits.labels - labels.length
  let { unkept } = annotations
  if (room === 0 || (annotations.labels.length === 0 && unkept === 0)) return labels
  const places = unkept === 0 && annotations.labels.length <= room ? room : room - 1
  const all: Label[] = []
  for (let index = 0; index < annotations.labels.length; index++) {
    const label = annotations.labels[index]
    if (label !== undefined && (index >= places || !insertSorted(all, label))) unkept += 1
  }
  if (unkept > 0) insertSorted(all, [unkeptKey, String(unkept)])
  // Most keys sort behind the `+` of annotations: each finds its place with one comparison.
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]
    if (label !== undefined) insertSorted(all, label)
  }
  return all
}

function scalarText(value: unknown): string | null {
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : null
}
