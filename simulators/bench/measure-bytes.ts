import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { edgeSessionMethod } from '@meterline/shared/wire/proto.ts'
import { azureTrace } from '../traces/azure-llm.ts'
import { mqttCarrier } from '../traces/carrier.ts'
import { replayTrace, type ReplaySummary } from '../traces/replay.ts'
import { writeAzureLikeTrace } from './azure-like-trace.ts'
import { BenchServices } from './bench-services.ts'
import { against, alone } from './measurement.ts'
import type { BenchRun, Finding, Measurement } from './measurement.ts'
import { writtenBytesOf } from './process-usage.ts'

const device = 'llm-1'
/** A gRPC message has a prefix of five bytes, and every 16 KiB of it an HTTP/2 frame head of nine. */
const grpcPrefixBytes = 5
const frameBytes = 16_384
const frameHeadBytes = 9

/** What one usage record of AI calls takes on the wire and on both disks. */
export const bytesMeasurement: Measurement = {
  name: 'bytes',
  about: 'bytes per record on the wire and on disk, AI calls of the Azure trace (or calls like them)',
  run: async (bench) => {
    const trace = traceFile(bench)
    const services = await bench.during('starting', () => BenchServices.start(bench.folder, [device]))
    try {
      // With the aggregator away everything stays in the agent's journal and can be weighed there.
      await services.stopAggregator()
      const emptyBytes = await atRestBytes(services, services.agentJournalFile)
      const writtenBefore = writtenBytesOf(services.agentPid)
      const { published: calls } = await bench.during('replaying', () => replay(bench, trace.file, services.mqttPort))
      const written = writtenBytesOf(services.agentPid) - writtenBefore
      const journalBytes = (await atRestBytes(services, services.agentJournalFile)) - emptyBytes
      await services.startAggregator()
      await bench.during('sending', () => services.drained())
      await services.stop()
      return findings(services.tenantFile, { journalBytes, written, calls }, trace.note)
    } finally {
      await services.stop()
    }
  },
}

function traceFile(bench: BenchRun): { readonly file: string; readonly note: string } {
  const traces = process.env['METERLINE_TRACES']
  const real = traces === undefined ? '' : join(traces, 'ai', 'AzureLLMInferenceTrace_conv.csv')
  if (existsSync(real)) return { file: real, note: 'the Azure LLM inference trace' }
  const file = join(bench.folder, 'azure-like.csv')
  writeAzureLikeTrace(file)
  return {
    file,
    note: 'calls with token counts like those of the Azure trace, which METERLINE_TRACES does not point at',
  }
}

async function replay(bench: BenchRun, file: string, port: number): Promise<ReplaySummary> {
  const carriers = [await mqttCarrier({ url: `mqtt://127.0.0.1:${port}`, device, window: 500 })]
  const trace = azureTrace(file, { device, model: 'gpt-4', idPrefix: 'azure-conv', prefix: 'meter/v1' })
  return await replayTrace({ trace, carriers, ...(bench.quick ? { to: 2_000 } : {}), quiet: true })
}

/** The size of the agent's file when it is closed: the write-ahead log is folded into it then. */
async function atRestBytes(services: BenchServices, file: string): Promise<number> {
  await services.stopAgent()
  const { size } = statSync(file)
  await services.startAgent()
  return size
}

function findings(
  tenantFile: string,
  agent: { readonly journalBytes: number; readonly written: number; readonly calls: number },
  note: string,
): Finding[] {
  const db = openDatabase({ file: tenantFile, readOnly: true })
  try {
    const rows = db
      .prepare<[], { readonly entry: Buffer; readonly body: Buffer; readonly records: number; readonly units: number }>(
        `SELECT entry, body, record_count AS records, unit_count AS units
         FROM batch JOIN log USING (log_index) JOIN batch_body USING (log_index)`,
      )
      .all()
    const records = rows.reduce((sum, row) => sum + row.records, 0)
    const units = rows.reduce((sum, row) => sum + row.units, 0)
    if (units !== agent.calls) throw new Error(`${agent.calls} calls were published and ${units} arrived`)
    const wireBytes = rows.reduce((sum, row) => sum + onTheWire(row.entry, row.body), 0)
    return [
      against('bytes per record on the wire', 'bytes', wireBytes / records, { sense: 'at most', value: 40 }, note),
      alone(
        'bytes per record in the agent journal',
        'bytes',
        agent.journalBytes / records,
        'at rest, nothing sent yet',
      ),
      alone(
        'bytes per record written by the agent',
        'bytes',
        agent.written / records,
        'commits of this load, log and file',
      ),
      alone(
        'bytes per record in the aggregator',
        'bytes',
        statSync(tenantFile).size / records,
        'three legs, whole file',
      ),
    ]
  } finally {
    db.close()
  }
}

function onTheWire(entry: Buffer, body: Buffer): number {
  const decoded = decodeLogEntry(entry)
  if (!decoded.ok || decoded.value.kind !== 'batch') throw new Error('the log entry of a batch cannot be read')
  const { header, signature } = decoded.value
  const message = edgeSessionMethod.encodeRequest({ kind: 'batch', header, signature, body }).length + grpcPrefixBytes
  return message + Math.ceil(message / frameBytes) * frameHeadBytes
}
