/** Orders texts by UTF-16 code units, the same in every process and language setting. */
export function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
