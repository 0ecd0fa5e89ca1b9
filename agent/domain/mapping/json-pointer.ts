import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { isReservedName } from '../payload/fields.ts'
import { ruleLimits } from './rule-definition.ts'

/** Finds one value in a payload; undefined when it is not there. */
export type PointerReader = (value: unknown) => unknown

interface Step {
  readonly name: string
  /** The same as a position in an array; -1 when it is none. */
  readonly index: number
  /** JavaScript objects, or byte strings, have something under every such name, so it has to be asked whose it is. */
  readonly isInherited: boolean
}

const escape = /~([^01]|$)/
const position = /^(0|[1-9][0-9]{0,8})$/

/** Compiles a JSON pointer (RFC 6901) such as `/rxInfo/0/gatewayId`; the empty pointer is the whole value. */
export function compilePointer(text: string): Result<PointerReader, Fault<'pointer_invalid'>> {
  if (text.length > ruleLimits.pointerCharacters) {
    return invalid(`the pointer is longer than ${ruleLimits.pointerCharacters} characters`)
  }
  if (text === '') return ok((value) => value)
  if (!text.startsWith('/')) return invalid(`${JSON.stringify(text)} is no JSON pointer: it begins with /`)
  if (escape.test(text)) {
    return invalid(`${JSON.stringify(text)} is no JSON pointer: write ~0 for ~ and ~1 for / inside a name`)
  }
  const steps = text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map(stepTo)
  const [only] = steps
  if (only !== undefined && steps.length === 1) return ok((value) => step(value, only))
  return ok((value) => {
    let at = value
    for (let depth = 0; depth < steps.length; depth++) {
      const next = steps[depth]
      if (next === undefined || at === undefined) return undefined
      at = step(at, next)
    }
    return at
  })
}

function stepTo(name: string): Step {
  const index = position.test(name) ? Number(name) : -1
  return { name, index, isInherited: index >= 0 || isReservedName(name) || name in Buffer.prototype }
}

/** Only what the payload itself has: names that every JavaScript object inherits are not there. */
function step(value: unknown, { name, index, isInherited }: Step): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return index < 0 ? undefined : (value as readonly unknown[])[index]
  if (isInherited && (value instanceof Uint8Array || !Object.hasOwn(value, name))) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

function invalid(message: string): Result<never, Fault<'pointer_invalid'>> {
  return failed(fault('pointer_invalid', message))
}
