/** How sources call the classes of tokens; what is not here keeps its own name. Names are plain: lower case, no signs. */
const classNames: Readonly<Record<string, string>> = {
  prompt: 'input',
  context: 'input',
  completion: 'output',
  generated: 'output',
  cached: 'cacheread',
  cachedinput: 'cacheread',
  inputcached: 'cacheread',
  cacheread: 'cacheread',
  cachereadinput: 'cacheread',
  inputcacheread: 'cacheread',
  cachehit: 'cacheread',
  cachewriteinput: 'cachewrite',
  inputcachewrite: 'cachewrite',
  cachecreation: 'cachewrite',
  cachecreationinput: 'cachewrite',
  cachewrite5m: 'cachewrite',
  cachecreation1h: 'cachewrite1h',
  thinking: 'reasoning',
  outputreasoning: 'reasoning',
  outputthinking: 'reasoning',
  audioinput: 'inputaudio',
  audio: 'inputaudio',
  audiooutput: 'outputaudio',
  cacheaudioread: 'cacheaudioread',
}

/** The class around a class; tokens of one with two of them are in both. */
const classesAround: Readonly<Record<string, readonly string[]>> = {
  cacheread: ['input'],
  cachewrite: ['input'],
  cachewrite1h: ['cachewrite'],
  inputaudio: ['input'],
  inputimage: ['input'],
  inputtext: ['input'],
  cacheaudioread: ['cacheread', 'inputaudio'],
  reasoning: ['output'],
  outputaudio: ['output'],
  outputimage: ['output'],
  outputcitation: ['output'],
}

/** The class a name stands for; the empty name stands for no certain one. */
function classOfName(name: string): string {
  return Object.hasOwn(classNames, name) ? (classNames[name] ?? name) : name
}

/** All classes whose tokens are among those of a class. */
export function classesInside(name: string): readonly string[] {
  const direct = Object.keys(classesAround).filter((inner) => classesAround[inner]?.includes(name))
  return [...new Set(direct.flatMap((inner) => [inner, ...classesInside(inner)]))]
}

const perEndings: readonly (readonly [ending: RegExp, per: bigint])[] = [
  [/^(.*?)(?:base)?(?:price)?(?:perm|permillion|permtok|mtok|permilliontokens|per1m)$/, 1_000_000n],
  [/^(.*?)(?:base)?(?:price)?(?:perk|perthousand|per1k|ktok)$/, 1_000n],
  [/^(.*?)(?:base)?(?:price|cost)?pertoken$/, 1n],
  [/^(.*?)token(?:price|cost)$/, 1n],
]

/** The class and the threshold that a field is the price above, such as `inputCostPerTokenAbove200kTokens`; else null. */
export function thresholdNameOf(name: string): { readonly tokenClass: string; readonly above: bigint } | null {
  const match = /^(.*?)(?:(?:price|cost)pertoken|token(?:price|cost))above(\d{1,6})k(?:tokens)?$/.exec(name)
  return match === null ? null : { tokenClass: classOfName(match[1] ?? ''), above: BigInt(match[2] ?? '0') * 1_000n }
}

/** The class and the count of tokens that a field is the price for, such as `outputBasePerM`; null when it is no price. */
export function priceNameOf(name: string): { readonly tokenClass: string; readonly per: bigint } | null {
  for (const [ending, per] of perEndings) {
    const match = ending.exec(name)
    if (match !== null) return { tokenClass: classOfName(match[1] ?? ''), per }
  }
  return null
}

/** The class whose thresholds a field lists, such as `outputTiers`; null when it is something else. */
export function tierNameOf(name: string): string | null {
  const match = /^(.*?)(?:tiers|thresholds|above)$/.exec(name)
  return match === null ? null : classOfName(match[1] ?? '')
}

const notCounted = ['threshold', 'context', 'total']

/** The class of tokens that a field counts, such as `inputTokens`; null when it is something else. */
export function tokenNameOf(name: string): string | null {
  const match = /^(.*?)tokens$/.exec(name)
  if (match === null || notCounted.includes(match[1] ?? '') || thresholdNameOf(name) !== null) return null
  const tokenClass = classOfName(match[1] ?? '')
  return tokenClass === '' ? 'input' : tokenClass
}
