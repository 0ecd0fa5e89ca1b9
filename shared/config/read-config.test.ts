import { expect, test } from 'vitest'
import { z } from 'zod'
import { formatMistakes } from './mistakes.ts'
import { readConfig, type ConfigSources } from './read-config.ts'

const schema = z.strictObject({
  tenant: z.string(),
  seal: z
    .strictObject({
      lingerMs: z.int().min(1).default(100),
      ratio: z.number().optional(),
      strict: z.boolean().default(false),
    })
    .prefault({}),
  uplink: z.strictObject({
    address: z.string(),
    token: z.string().min(4).meta({ secret: true }).optional(),
    tls: z.strictObject({ ca: z.string(), key: z.string() }).optional(),
  }),
  listeners: z
    .array(z.strictObject({ port: z.int(), secret: z.string().meta({ secret: true }).optional() }))
    .default([]),
})

const file = 'tenant: acme\nuplink:\n  address: "central:7443"\n'
const files: Readonly<Record<string, string>> = { '/token': 'from a file\n', '/two lines': 'a\nb\n\n', '/short': 'abc' }

interface Given {
  readonly file?: string
  readonly environment?: Record<string, string>
  readonly flags?: Record<string, string>
}

test.each<[string, Given, object]>([
  [
    'the file alone',
    { file },
    { tenant: 'acme', seal: { lingerMs: 100, strict: false }, uplink: { address: 'central:7443' }, listeners: [] },
  ],
  [
    'the environment wins over the file and makes sections',
    {
      file,
      environment: {
        METERLINE_AGENT__TENANT: 'beta',
        METERLINE_AGENT__UPLINK__TLS__CA: 'ca',
        METERLINE_AGENT__UPLINK__TLS__KEY: 'key',
      },
    },
    { tenant: 'beta', uplink: { address: 'central:7443', tls: { ca: 'ca', key: 'key' } } },
  ],
  [
    'a flag wins over the environment',
    { file, environment: { METERLINE_AGENT__TENANT: 'beta' }, flags: { '--tenant': 'gamma' } },
    { tenant: 'gamma' },
  ],
  [
    'numbers, booleans and lists are read as such',
    {
      file,
      environment: { METERLINE_AGENT__SEAL__LINGER_MS: '250', METERLINE_AGENT__LISTENERS: '[{ port: 1883 }]' },
      flags: { '--seal-strict': 'true', '--seal-ratio': '0.5' },
    },
    { seal: { lingerMs: 250, strict: true, ratio: 0.5 }, listeners: [{ port: 1883 }] },
  ],
  [
    'a text stays text however it looks',
    { file, environment: { METERLINE_AGENT__TENANT: '0123' }, flags: { '--uplink-address': 'true' } },
    { tenant: '0123', uplink: { address: 'true' } },
  ],
  [
    'no file at all',
    { flags: { '--tenant': 'acme', '--uplink-address': 'c:1' } },
    { tenant: 'acme', uplink: { address: 'c:1' } },
  ],
  ['a secret in the file', { file: `${file}  token: "1234"\n` }, { uplink: { token: '1234' } }],
  ['a secret in a file of its own', { file: `${file}  tokenFile: /token\n` }, { uplink: { token: 'from a file' } }],
  [
    'only the last line break of a secret goes',
    { file: `${file}  tokenFile: /two lines\n` },
    { uplink: { token: 'a\nb\n' } },
  ],
  [
    'a secret’s file by flag',
    { file, flags: { '--uplink-token-file': '/token' } },
    { uplink: { token: 'from a file' } },
  ],
  [
    'a secret’s file by environment',
    { file, environment: { METERLINE_AGENT__UPLINK__TOKEN_FILE: '/token' } },
    { uplink: { token: 'from a file' } },
  ],
  [
    'a secret’s file inside a list',
    { file: `${file}listeners: [{ port: 1, secretFile: /token }]` },
    { listeners: [{ port: 1, secret: 'from a file' }] },
  ],
  [
    'variables of others are none of ours',
    { file, environment: { METERLINE_TRACES: 'x', METERLINE_AGGREGATOR__X: 'y', HOME: 'z' } },
    { tenant: 'acme' },
  ],
])('%s', (_name, given, expected) => {
  const checked = read(given)
  expect(checked).toMatchObject(expected)
})

test.each<[string, Given, readonly string[]]>([
  ['a misspelt key', { file: `tennant: acme\n${file}` }, ['agent.yaml:1:1: tennant: is unknown; did you mean tenant?']],
  [
    'everything missing, also inside sections',
    {},
    [
      'configuration: tenant: is missing: a text is needed; write it in the file or set METERLINE_AGENT__TENANT or --tenant',
      'configuration: uplink.address: is missing: a text is needed; write it in the file or set METERLINE_AGENT__UPLINK__ADDRESS or --uplink-address',
    ],
  ],
  [
    'mistakes of all sources together',
    {
      file: `${file}listeners: [{ port: x }]\n`,
      environment: { METERLINE_AGENT__SEAL__LINGER: '3', METERLINE_AGENT__SEAL__LINGER_MS: 'soon' },
      flags: { '--seal-strict': 'maybe' },
    },
    [
      'METERLINE_AGENT__SEAL__LINGER: no setting has this environment variable; did you mean METERLINE_AGENT__SEAL__LINGER_MS?',
      'METERLINE_AGENT__SEAL__LINGER_MS: seal.lingerMs: is the text "soon", but a whole number is needed',
      '--seal-strict: seal.strict: is the text "maybe", but true or false is needed',
      'agent.yaml:4:21: listeners[0].port: is the text "x", but a whole number is needed',
    ],
  ],
  [
    'a list that is no YAML',
    { file, environment: { METERLINE_AGENT__LISTENERS: '[{ port: 1' } },
    [expect.stringMatching(/^METERLINE_AGENT__LISTENERS:1:11: Flow map .* must .* end with a }$/)],
  ],
  [
    'a secret and its file',
    { file: `${file}  token: "1234"\n  tokenFile: /token\n` },
    ['agent.yaml:5:14: uplink.tokenFile: is given beside token: only one of them may be'],
  ],
  [
    'a secret’s file that is not there',
    { file: `${file}  tokenFile: /none\n` },
    ['agent.yaml:4:14: uplink.tokenFile: /none does not exist'],
  ],
  [
    'a secret’s file that is no name',
    { file: `${file}  tokenFile: [1]\n` },
    ['agent.yaml:4:14: uplink.tokenFile: must be the name of a file'],
  ],
  [
    'a bad secret, whose text is not shown',
    { file: `${file}  tokenFile: /short\n` },
    ['agent.yaml:3:3: uplink.token: is a hidden value, but must have at least 4 characters'],
  ],
  [
    'a file that is no mapping',
    { file: '- tenant\n', flags: { '--tenant': 'x' } },
    ['agent.yaml:1:1: is a list, but a mapping is needed'],
  ],
  [
    'a section that is no mapping',
    { file: `${file}seal: 5\n`, flags: { '--seal-strict': 'true' } },
    ['agent.yaml:4:7: seal: is 5, but a mapping is needed'],
  ],
  [
    'a file that is no YAML',
    { file: 'a: "', environment: { METERLINE_AGENT__NONE: '' } },
    ['METERLINE_AGENT__NONE: no setting has this environment variable', 'agent.yaml:1:5: Missing closing "quote'],
  ],
])('%s is reported', (_name, given, expected) => {
  expect(read(given)).toEqual(expected)
})

function read(given: Given): unknown {
  const sources: ConfigSources = {
    ...(given.file === undefined ? {} : { file: { name: 'agent.yaml', text: given.file } }),
    environment: given.environment ?? {},
    flags: given.flags ?? {},
    readSecret(fileName) {
      const secret = files[fileName]
      return secret === undefined ? { problem: `${fileName} does not exist` } : { secret }
    },
  }
  const checked = readConfig(schema, 'agent', sources)
  return checked.ok ? checked.value : formatMistakes(checked.mistakes).split('\n')
}
