import { writeFileSync } from 'node:fs'
import { seededRandom } from '@meterline/shared/base/random.ts'

const calls = 19_366
const startMs = Date.UTC(2023, 10, 16, 18, 15, 46)
const meanGapMs = 180

/**
 * Writes a trace with the form of the Azure LLM inference trace and token counts spread like its own: log-normal, about
 * 1,150 tokens in and 210 out on average.
 */
export function writeAzureLikeTrace(file: string): void {
  const random = seededRandom('azure-like')
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction())
  const tokens = (typical: number, spread: number): number =>
    Math.max(1, Math.min(14_000, Math.round(typical * Math.exp(spread * normal()))))
  const lines = ['TIMESTAMP,ContextTokens,GeneratedTokens']
  for (let call = 0, timeMs = startMs; call < calls; call++, timeMs += Math.round(meanGapMs * 2 * random.fraction())) {
    const time = new Date(timeMs).toISOString().replace('T', ' ').replace('Z', '0000')
    lines.push(`${time},${tokens(850, 0.8)},${tokens(150, 0.8)}`)
  }
  writeFileSync(file, `${lines.join('\n')}\n`)
}
