import { readFileSync } from 'node:fs'
import { replayAzure } from './replay.ts'

/** Flags of `replay azure-llm`. */
export interface ReplayFlags {
  readonly url: string
  readonly device: string
  readonly passwordFile?: string
  readonly model: string
  readonly from: number
  readonly to: number
  readonly speed: string
  readonly window: number
  readonly prefix: string
  readonly json?: boolean
}

/** `meterline-sim replay azure-llm`: replays and prints what should then be on the invoice. */
export async function runReplayCommand(file: string, flags: ReplayFlags): Promise<void> {
  const speed = flags.speed === 'max' ? Number.POSITIVE_INFINITY : Number(flags.speed)
  if (!(speed > 0)) throw new Error(`--speed: expected 'max' or a positive number, found '${flags.speed}'`)
  const summary = await replayAzure({
    file,
    url: flags.url,
    device: flags.device,
    ...(flags.passwordFile === undefined ? {} : { password: readFileSync(flags.passwordFile, 'utf8').trim() }),
    model: flags.model,
    from: flags.from,
    to: flags.to,
    speed,
    window: flags.window,
    prefix: flags.prefix,
    quiet: flags.json ?? false,
  })
  if (flags.json === true) {
    console.log(JSON.stringify(summary))
    return
  }
  console.log(
    `published and acknowledged ${summary.calls.toLocaleString('en')} calls in ${summary.seconds.toFixed(1)} s`,
  )
  console.log('the invoice should show')
  console.log(`  ai.input_tokens  ${summary.inputTokens.toLocaleString('en').padStart(14)}`)
  console.log(`  ai.output_tokens ${summary.outputTokens.toLocaleString('en').padStart(14)}`)
}
