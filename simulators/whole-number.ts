import { InvalidArgumentError } from 'commander'

/** The value of a flag that counts something. Throws what the command line shows to the user. */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number')
  return value
}
