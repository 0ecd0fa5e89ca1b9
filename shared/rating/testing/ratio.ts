/** A rational number in the arithmetic of tests, which shares nothing with the rating's; the bottom is above zero. */
export interface Ratio {
  readonly top: bigint
  readonly bottom: bigint
}

export const zero: Ratio = { top: 0n, bottom: 1n }

/** Reads a decimal text that is not negative. */
export function ratioOf(text: string): Ratio {
  const [whole = '0', fraction = ''] = text.split('.')
  return { top: BigInt(whole + fraction), bottom: 10n ** BigInt(fraction.length) }
}

export function plus(left: Ratio, right: Ratio): Ratio {
  return { top: left.top * right.bottom + right.top * left.bottom, bottom: left.bottom * right.bottom }
}

export function times({ top, bottom }: Ratio, factor: bigint): Ratio {
  return { top: top * factor, bottom }
}

export function per({ top, bottom }: Ratio, divisor: bigint): Ratio {
  return { top, bottom: bottom * divisor }
}

export function isLess(left: Ratio, right: Ratio): boolean {
  return left.top * right.bottom < right.top * left.bottom
}
