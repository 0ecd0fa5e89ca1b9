import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { parsePayload } from '../payload/parse-payload.ts'
import { refused } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import { duplicateName, type RecordList } from './record-list.ts'

const lineFeed = 0x0a

/** Reads a payload of one JSON value a line; empty lines are passed over, and a bad line spoils no other. */
export function readLines(bytes: Buffer): Result<RecordList, MappingFault> {
  if (bytes.length > usageEventLimits.payloadBytes) {
    return refused('payload_too_large', `the payload is over ${usageEventLimits.payloadBytes} bytes: send fewer lines`)
  }
  const lines = linesOf(bytes)
  if (lines.length === 0) return refused('payload_empty', 'the payload has no line that is not empty')
  if (lines.length > usageEventLimits.eventsPerPayload) {
    return unmapped(
      'records_too_many',
      `the payload has more lines than the ${usageEventLimits.eventsPerPayload} that are read at a time`,
    )
  }
  const values: unknown[] = []
  const faults = new Map<number, MappingFault>()
  for (const [index, line] of lines.entries()) {
    const parsed = parsePayload(line)
    values.push(parsed.ok ? parsed.value.value : null)
    if (!parsed.ok) faults.set(index, parsed.fault)
    else {
      const duplicate = parsed.value.spans?.find((span) => span.duplicate !== null)?.duplicate ?? null
      if (duplicate !== null) faults.set(index, duplicateName(duplicate))
    }
  }
  return ok({ values, roots: values, root: null, memberNames: null, faults })
}

function linesOf(bytes: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  // One line too many is enough to see that there are.
  for (let start = 0; start < bytes.length && lines.length <= usageEventLimits.eventsPerPayload;) {
    const found = bytes.indexOf(lineFeed, start)
    const end = found < 0 ? bytes.length : found
    const line = bytes.subarray(start, end)
    if (!isBlank(line)) lines.push(line)
    start = end + 1
  }
  return lines
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}
