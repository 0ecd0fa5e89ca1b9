/** The log index of a batch and the place of a unit in it. */
export interface NamedPlace {
  readonly logIndex: number
  readonly unit: number
}

/** A place such as `17:3`; null: the text is none. */
export function placeOf(text: string): NamedPlace | null {
  const found = /^([0-9]{1,15}):([0-9]{1,6})$/.exec(text)
  return found === null ? null : { logIndex: Number(found[1]), unit: Number(found[2]) }
}

/** Several of them; null: something among them is no place. */
export function placesOf(texts: readonly string[]): readonly NamedPlace[] | null {
  const places = texts.map(placeOf)
  return places.includes(null) ? null : places.filter((place) => place !== null)
}
