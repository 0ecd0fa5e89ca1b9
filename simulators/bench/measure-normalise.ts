import { runChild } from './child-program.ts'
import { beside } from './measurement.ts'
import type { Finding, Measurement } from './measurement.ts'
import type { NormaliseReport } from './normalise-alone.ts'
import { payloadSamples } from './normalise-samples.ts'

const goal = { sense: 'at least', value: 0.5, of: 'ratio' } as const

/**
 * Reading payloads by itself, on one core: every dialect beside `JSON.parse` of the same content, in a process of its
 * own, because most agents get one kind of payload.
 */
export const normaliseMeasurement: Measurement = {
  name: 'normalise',
  about: 'payloads turned into usage events, per dialect, beside JSON.parse of the same bytes',
  run: async (bench) => {
    const rounds = bench.quick ? 60 : 1_000
    const findings: Finding[] = []
    for (const { dialect } of payloadSamples(1)) {
      const args = ['--dialect', dialect, '--rounds', String(rounds), '--payloads', '2000']
      const report = await bench.during(`normalising, ${dialect}`, async () => {
        return (await runChild({ file: 'normalise-alone.ts', args, onOneCore: true })) as NormaliseReport
      })
      findings.push(...findingsOf(report))
    }
    return findings
  },
}

function findingsOf(report: NormaliseReport): readonly Finding[] {
  const name = `normalise, ${report.dialect}`
  const { recordsPerSecond, jsonParsePerSecond, cborDecodePerSecond } = report
  if (cborDecodePerSecond === null) return [beside(name, 'records/s', recordsPerSecond, jsonParsePerSecond, { goal })]
  const note = 'beside JSON.parse of the JSON of the same content'
  return [
    beside(name, 'records/s', recordsPerSecond, jsonParsePerSecond, { goal, note }),
    beside(`${name}, beside cbor-x`, 'records/s', recordsPerSecond, cborDecodePerSecond, {
      note: 'cbor-x decodes the same bytes and checks nothing',
    }),
  ]
}
