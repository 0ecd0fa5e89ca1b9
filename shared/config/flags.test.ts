import { Command } from 'commander'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { addConfigFlags, configFlagValues } from './flags.ts'
import { configHelp } from './help-text.ts'
import { shapeOf } from './schema-shape.ts'
import { settingsOf } from './settings.ts'

const schema = z.strictObject({
  tenant: z.string().describe('The tenant this agent meters for.'),
  seal: z
    .strictObject({
      lingerMs: z.int().min(1).max(10_000).default(100).describe('Longest wait before a batch is sealed.'),
    })
    .prefault({}),
  uplink: z.strictObject({
    token: z.string().meta({ secret: true }),
    tls: z.strictObject({ ca: z.string() }).optional(),
  }),
  devices: z.array(z.strictObject({ id: z.string(), secretHash: z.string().meta({ secret: true }) })).default([]),
  hosts: z.array(z.string()).optional(),
  log: z.union([z.literal('stdout'), z.strictObject({ file: z.string() })]).default('stdout'),
  anonymous: z.enum(['never', 'loopback']).default('never'),
})

test('every setting has its names, and no secret has a flag', () => {
  const names = settingsOf(shapeOf(schema), 'agent').map(({ environmentName, flag, required }) => [
    environmentName,
    flag,
    required,
  ])
  expect(names).toEqual([
    ['METERLINE_AGENT__TENANT', '--tenant', true],
    ['METERLINE_AGENT__SEAL__LINGER_MS', '--seal-linger-ms', false],
    ['METERLINE_AGENT__UPLINK__TOKEN', undefined, true],
    ['METERLINE_AGENT__UPLINK__TOKEN_FILE', '--uplink-token-file', false],
    ['METERLINE_AGENT__UPLINK__TLS__CA', '--uplink-tls-ca', false],
    ['METERLINE_AGENT__DEVICES', undefined, false],
    ['METERLINE_AGENT__HOSTS', '--hosts', false],
    ['METERLINE_AGENT__LOG', '--log', false],
    ['METERLINE_AGENT__ANONYMOUS', '--anonymous', false],
  ])
})

test('flags given to a command come back under their names', () => {
  const command = addConfigFlags(new Command('run').option('--config <file>'), schema, 'agent')
  command.parse(
    [
      '--config',
      'a.yaml',
      '--seal-linger-ms',
      '50',
      '--uplink-tls-ca=ca.pem',
      '--uplink-token-file',
      't',
      '--anonymous',
      'never',
    ],
    { from: 'user' },
  )
  expect(configFlagValues(command.opts(), schema, 'agent')).toEqual({
    '--seal-linger-ms': '50',
    '--uplink-tls-ca': 'ca.pem',
    '--uplink-token-file': 't',
    '--anonymous': 'never',
  })
})

test('the command’s help shows what each flag takes', () => {
  const help = addConfigFlags(new Command('run'), schema, 'agent').helpInformation()
  expect(help).toContain('--seal-linger-ms <integer>')
  expect(help).toContain('--anonymous <never|loopback>')
  expect(help).toContain('--uplink-token-file <file>')
  expect(help).not.toContain('--uplink-token ')
})

test('the reference names every key with kind, limits, default and ways to set it', () => {
  expect(configHelp(schema, 'agent')).toBe(`tenant  (text, required)
    The tenant this agent meters for.
    METERLINE_AGENT__TENANT, --tenant
seal  (mapping)
seal.lingerMs  (whole number, at least 1, at most 10000, default 100)
    Longest wait before a batch is sealed.
    METERLINE_AGENT__SEAL__LINGER_MS, --seal-linger-ms
uplink  (mapping, required)
uplink.token  (text, secret, required)
    METERLINE_AGENT__UPLINK__TOKEN
    or uplink.tokenFile: the name of a file that holds it
uplink.tls  (mapping)
uplink.tls.ca  (text, required)
    METERLINE_AGENT__UPLINK__TLS__CA, --uplink-tls-ca
devices  (list, default [])
    METERLINE_AGENT__DEVICES
devices[].id  (text, required)
devices[].secretHash  (text, secret, required)
    or devices[].secretHashFile: the name of a file that holds it
hosts  (list)
    METERLINE_AGENT__HOSTS, --hosts
log  (one of several forms, default "stdout")
    METERLINE_AGENT__LOG, --log
log.file  (text, required)
anonymous  (never | loopback, default "never")
    METERLINE_AGENT__ANONYMOUS, --anonymous
`)
})
