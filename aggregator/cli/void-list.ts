import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { VoidTarget } from '../flow/find-voidable.ts'
import { placeOf } from './unit-place.ts'

/** More are taken back in several orders. */
export const mostVoids = 10_000

/**
 * Reads a list of usage to take back: on each line a place such as `17:3`, or a JSON object with `source` and `id`. Empty
 * lines are left out. A line that is neither is a fault that names it.
 */
export function parseVoidList(text: string): Result<readonly VoidTarget[], Fault<'list_invalid'>> {
  const targets: VoidTarget[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '') continue
    const target = placeOf(trimmed) ?? identityOf(trimmed)
    if (target === null) {
      const wrong = `line ${index + 1} is neither a place such as 17:3 nor a JSON object with the texts "source" and "id"`
      return failed(fault('list_invalid', wrong))
    }
    targets.push(target)
    if (targets.length > mostVoids)
      return failed(fault('list_invalid', `the list has more than ${mostVoids} entries: void them in parts`))
  }
  return targets.length === 0 ? failed(fault('list_invalid', 'the list is empty')) : ok(targets)
}

function identityOf(line: string): VoidTarget | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || !('source' in value) || !('id' in value)) return null
  const { source, id } = value
  return typeof source === 'string' && typeof id === 'string' && source !== '' && id !== '' ? { source, id } : null
}
