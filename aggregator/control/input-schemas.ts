import { z } from 'zod'
import { longestNoteOfPersonBytes } from '@meterline/shared/model/log-entry.ts'

/** May be left out when there is exactly one. */
export const tenant = z.string().min(1).optional()
/** The most items of a list. */
export const limit = z.int().min(1).max(10_000).default(100)
/** A unit by the log index of its batch and its place in it. */
export const unitPlace = z.strictObject({ logIndex: z.int(), unit: z.int() })
export const unitPlaces = z
  .array(unitPlace)
  .min(1, 'names no unit')
  .max(10_000, 'names more than 10000 units: go in parts')
/** A name or a reason, as it goes into the log. */
export const personsNote = z
  .string()
  .trim()
  .min(1, 'is empty: say it in words')
  .refine(
    (text) => Buffer.byteLength(text, 'utf8') <= longestNoteOfPersonBytes,
    `has more than ${longestNoteOfPersonBytes} bytes`,
  )
