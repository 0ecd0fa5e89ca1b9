import { InvalidArgumentError, type Command } from 'commander'
import { systemRandom } from '@meterline/shared/base/random.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import { isDeviceId } from '../domain/device-id.ts'
import { withJson } from './command-parts.ts'

/** Adds `token new`: makes a bearer token for the HTTP door. Nothing is stored; the token is shown this once. */
export function addToken(program: Command): void {
  const token = program.command('token').description('Bearer tokens of sources that post usage over HTTP.')
  withJson(token.command('new'))
    .description('Make a token and print it once, with its hash for "http.sources" in the configuration.')
    .option('--source <id>', 'whose usage will be posted with it', sourceId, 'my-source')
    .action(async (options: { json?: boolean; source: string }) => {
      const { newToken } = await import('../intake/http-tokens.ts')
      const made = newToken(systemRandom())
      const entry = `http:\n  sources:\n    - { source: ${options.source}, tokenHash: "${made.tokenHash}" }`
      const text = `${made.token}\n\nGive it to the source; it is not shown again. In the configuration:\n\n${entry}`
      printResult(options.json === true, { source: options.source, ...made }, text)
    })
}

function sourceId(text: string): string {
  if (isDeviceId(text)) return text
  throw new InvalidArgumentError('A source is 1 to 64 letters, digits or . _ : - (a letter or digit first).')
}
