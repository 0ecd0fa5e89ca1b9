/** Thrown and caught inside the wire codecs only: a decoder deep in a message has no other short way out. */
export class MalformedMessage extends Error {}

/** A message as protobufjs hands it out. */
export type Fields = Readonly<Record<string, unknown>>

/** A member that is a message. Throws `MalformedMessage`, as all of these readers do. */
export function fieldsOf(message: Fields, name: string): Fields {
  const value = message[name]
  if (typeof value !== 'object' || value === null) throw new MalformedMessage(`${name} is missing`)
  return value as Fields
}

/** A member that is a message or absent. */
export function optionalFieldsOf(message: Fields, name: string): Fields | null {
  const value = message[name]
  return value === null || value === undefined ? null : fieldsOf(message, name)
}

/** A member that repeats byte strings, at most `most` times. */
export function bytesListOf(message: Fields, name: string, most: number): readonly Uint8Array[] {
  const value = message[name]
  if (!Array.isArray(value) || !value.every((bytes) => bytes instanceof Uint8Array)) {
    throw new MalformedMessage(`${name} is missing or no list of bytes`)
  }
  if (value.length > most) throw new MalformedMessage(`${name} has ${value.length} elements, over ${most}`)
  return value
}

/** A member that repeats a message, at most `most` times. */
export function listOf(message: Fields, name: string, most: number): readonly Fields[] {
  const value = message[name]
  if (!Array.isArray(value)) throw new MalformedMessage(`${name} is missing`)
  if (value.length > most) throw new MalformedMessage(`${name} has ${value.length} elements, over ${most}`)
  return value as readonly Fields[]
}

/** A member that repeats a text, at most `most` times. */
export function textsOf(message: Fields, name: string, most: number): readonly string[] {
  const value = message[name]
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string')) {
    throw new MalformedMessage(`${name} is missing or no list of texts`)
  }
  if (value.length > most) throw new MalformedMessage(`${name} has ${value.length} elements, over ${most}`)
  return value
}

export function textOf(message: Fields, name: string): string {
  const value = message[name]
  if (typeof value !== 'string') throw new MalformedMessage(`${name} is missing or no text`)
  return value
}

export function bytesOf(message: Fields, name: string): Uint8Array {
  const value = message[name]
  if (!(value instanceof Uint8Array)) throw new MalformedMessage(`${name} is missing or no bytes`)
  return value
}

/** A count that a JavaScript number holds exactly. */
export function countOf(message: Fields, name: string): number {
  const value = message[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new MalformedMessage(`${name} is no whole number from 0 to 2^53 - 1`)
  }
  return value
}
