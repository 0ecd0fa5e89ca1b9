import { hash } from 'node:crypto'
import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { isStorable } from '../payload/fields.ts'
import { shown } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import type { MappingContext, Source } from './source.ts'
import { valueText } from './value-text.ts'

const digestMark = '~sha256:'

/**
 * The id of an event out of one part, as it is, or of several, joined with `/` after `~` and `/` inside them were escaped
 * as in JSON pointers: different parts always give different ids. An id above 128 bytes is replaced by its digest behind
 * `~sha256:`, with which no escaped part can begin.
 */
export function readEventId(parts: readonly Source[], context: MappingContext): Result<string, MappingFault> {
  let id = ''
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]
    if (part === undefined) continue
    const value = part.read(context)
    if (value === null) return unmapped('id_missing', `the id needs ${part.text}, and nothing is there`)
    const text = valueText(value)
    if (text === null) {
      return unmapped(
        'value_not_text',
        `the id takes ${part.text}, which is ${shown(value)}: a text or an exact number is needed`,
      )
    }
    if (parts.length === 1) id = text
    else id += (at === 0 ? '' : '/') + (typeof value === 'string' ? escaped(text) : text)
  }
  if (isTooLong(id) || id.startsWith(digestMark)) {
    return ok(digestMark + hash('sha256', id, 'hex'))
  }
  if (isStorable(id, usageEventLimits.idBytes)) return ok(id)
  return unmapped('event_id_invalid', `the id ${shown(id)} has control characters or is no well-formed text`)
}

/** No character takes more than three bytes, so short texts need not be measured. */
function isTooLong(id: string): boolean {
  return id.length * 3 > usageEventLimits.idBytes && Buffer.byteLength(id) > usageEventLimits.idBytes
}

function escaped(text: string): string {
  return text.includes('~') || text.includes('/') ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text
}
