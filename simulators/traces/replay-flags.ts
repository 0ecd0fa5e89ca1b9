import type { Command } from 'commander'
import { inPlainWords } from '../in-plain-words.ts'
import { wholeNumber } from '../whole-number.ts'
import type { LlmReplayFlags, LorawanReplayFlags } from './replay-command.ts'

/** Adds one command for each kind of trace below `replay`. What they do is loaded when one of them is used. */
export function addReplays(replay: Command): void {
  llmFlags(
    replay
      .command('azure-llm')
      .description('Azure LLM inference traces (CSV): one AI call a row, under the gen_ai names.')
      .argument('<csv>', 'the trace file'),
    'gpt-4',
  ).action(async (file: string, flags: LlmReplayFlags) => {
    const { replayAzure } = await import('./replay-command.ts')
    await inPlainWords(async () => await replayAzure(file, flags))
  })
  llmFlags(
    replay
      .command('mooncake')
      .description(
        'Mooncake traces (JSON lines): one AI call a row; prompt blocks seen before are cached input, 512 tokens each.',
      )
      .argument('<jsonl>', 'the trace file'),
    'kimi',
  )
    .option('--start <time>', 'when the trace begins, which it does not say itself', '2025-02-25T00:00:00Z')
    .action(async (file: string, flags: LlmReplayFlags) => {
      const { replayMooncake } = await import('./replay-command.ts')
      await inPlainWords(async () => await replayMooncake(file, flags))
    })
  commonFlags(
    replay
      .command('lorawan')
      .description(
        'LoRaWAN uplinks as a Helium network server delivers them (JSON lines, plain or gzip), row by row as they are.',
      )
      .argument('<ndjson>', 'the trace file'),
    'lorawan-gateway',
  )
    .option(
      '--topic <topic>',
      "topic of the agent's mapping rule; {dev_eui} and the like come from the row",
      'helium/{dev_eui}/up',
    )
    .option('--rule <name>', 'mapping rule to name to the HTTP door', 'helium')
    .action(async (file: string, flags: LorawanReplayFlags) => {
      const { replayLorawan } = await import('./replay-command.ts')
      await inPlainWords(async () => await replayLorawan(file, flags))
    })
}

function llmFlags(command: Command, model: string): Command {
  return commonFlags(command, 'llm-1')
    .option('--model <name>', 'model name put into every call', model)
    .option('--id-prefix <text>', "what event ids begin with (default: the file's name)")
    .option('--prefix <topic>', 'topic prefix', 'meter/v1')
}

function commonFlags(command: Command, device: string): Command {
  return command
    .option('--url <url...>', 'MQTT address of each agent; rows go through them in turn')
    .option('--http <url...>', 'HTTP address of each agent, beside or in place of --url')
    .option('--device <id>', 'device (client id) that publishes', device)
    .option('--password-file <file>', "file with the device's MQTT password")
    .option('--token-file <file>', 'file with the bearer token for HTTP')
    .option('--from <row>', 'first row', wholeNumber, 0)
    .option('--to <row>', 'row after the last (default: the end)', wholeNumber)
    .option('--times <count>', 'how often; each time every row goes through the next agent', wholeNumber, 1)
    .option('--speed <factor>', "'real', 'max', or how many times faster than real time", 'max')
    .option('--window <count>', 'messages unacknowledged at most, for each agent', wholeNumber, 500)
    .option('--json', 'print the summary as JSON')
}
