/** A number with what it counts, as people write it: `1 payload`, `2 payloads`, `1 batch`, `2 batches`. */
export function counted(count: number | bigint, one: string, several = `${one}s`): string {
  return `${count} ${BigInt(count) === 1n ? one : several}`
}
