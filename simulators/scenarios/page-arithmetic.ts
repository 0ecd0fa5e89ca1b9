/** An exact number: a numerator over a denominator above zero. */
export interface ExactNumber {
  readonly numerator: bigint
  readonly denominator: bigint
}

/**
 * What a calculation comes to that a page writes for people: `10,000 × 0.008 + 6,705 × 0.005`. Numbers are decimals with
 * commas between thousands, operators are `+ − × ÷` and parentheses, with the usual precedence; nothing is rounded. Throws
 * where the text is no such calculation. It shares nothing with the product, whose figures it is to check.
 */
export function calculated(text: string): ExactNumber {
  const tokens = text.match(/[0-9][0-9,]*(?:\.[0-9]+)?|[-+−×÷()]|\S/g) ?? []
  const reader = new Calculation(tokens)
  const result = reader.sum()
  if (!reader.isRead) throw new Error(`"${text}" is no calculation`)
  return result
}

/** A number rounded to some digits after the point, halves away from zero, in units of the last digit. */
export function roundedTo(digits: number, { numerator, denominator }: ExactNumber): bigint {
  const doubled = 2n * numerator * 10n ** BigInt(digits)
  const magnitude = ((doubled < 0n ? -doubled : doubled) + denominator) / (2n * denominator)
  return numerator < 0n ? -magnitude : magnitude
}

class Calculation {
  readonly #tokens: readonly string[]
  #next = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  get isRead(): boolean {
    return this.#next === this.#tokens.length
  }

  sum(): ExactNumber {
    let result = this.#product()
    for (;;) {
      if (this.#takes('+')) result = plus(result, this.#product())
      else if (this.#takes('−')) result = plus(result, negative(this.#product()))
      else return result
    }
  }

  #product(): ExactNumber {
    let result = this.#factor()
    for (;;) {
      if (this.#takes('×')) result = times(result, this.#factor())
      else if (this.#takes('÷')) result = times(result, reciprocal(this.#factor()))
      else return result
    }
  }

  #factor(): ExactNumber {
    if (this.#takes('−')) return negative(this.#factor())
    if (!this.#takes('(')) return numberOf(this.#tokens[this.#next++])
    const inside = this.sum()
    if (!this.#takes(')')) throw new Error('a parenthesis of a calculation is not closed')
    return inside
  }

  #takes(token: string): boolean {
    const isNext = this.#tokens[this.#next] === token
    if (isNext) this.#next++
    return isNext
  }
}

function numberOf(token: string | undefined): ExactNumber {
  const parts = /^([0-9]{1,3}(?:,[0-9]{3})*|[0-9]+)(?:\.([0-9]+))?$/.exec(token ?? '')
  if (parts === null) throw new Error(`a calculation has ${token ?? 'its end'} where a number should be`)
  const [, whole = '', decimals = ''] = parts
  return { numerator: BigInt(whole.replaceAll(',', '') + decimals), denominator: 10n ** BigInt(decimals.length) }
}

function plus(left: ExactNumber, right: ExactNumber): ExactNumber {
  const numerator = left.numerator * right.denominator + right.numerator * left.denominator
  return { numerator, denominator: left.denominator * right.denominator }
}

function times(left: ExactNumber, right: ExactNumber): ExactNumber {
  return { numerator: left.numerator * right.numerator, denominator: left.denominator * right.denominator }
}

function negative({ numerator, denominator }: ExactNumber): ExactNumber {
  return { numerator: -numerator, denominator }
}

function reciprocal({ numerator, denominator }: ExactNumber): ExactNumber {
  if (numerator === 0n) throw new Error('a calculation divides by zero')
  return numerator < 0n
    ? { numerator: -denominator, denominator: -numerator }
    : { numerator: denominator, denominator: numerator }
}
