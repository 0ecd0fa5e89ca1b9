import { expect, test } from 'vitest'
import { floorProblems, type SourceTree } from './floors.ts'
import { readSourceTree } from './source-files.ts'
import { importsOf } from './source-imports.ts'

test('every import of the house goes downwards, and what must be pure is', () => {
  const tree = readSourceTree()
  expect(tree.size).toBeGreaterThan(50)
  expect(floorProblems(tree)).toEqual([])
})

/** A small house without problems; each case below plants one bad arrow into it. */
const house: Readonly<Record<string, string>> = {
  'shared/base/errors.ts': '',
  'shared/base/node-guard.mjs': '',
  'shared/base/clock.ts': `import { readFileSync } from 'node:fs'`,
  'shared/base/log.ts': `import pino from 'pino'`,
  'shared/units/money.ts': `import { fault } from '../base/errors.ts'`,
  'shared/integrity/hash.ts': `import { createCipheriv, hash } from 'node:crypto'`,
  'shared/rating/price.ts': `import { z } from 'zod'\nimport type { Micros } from '../units/money.ts'`,
  'shared/model/batch.ts': `import type { SyncState } from '../base/clock.ts'\nimport { hash } from '../integrity/hash.ts'`,
  'shared/wire/proto.ts': `import * as grpc from '@grpc/grpc-js'`,
  'shared/sqlite/open.ts': `import Database from 'better-sqlite3'`,
  'shared/config/mistakes.ts': '',
  'agent/domain/seal.ts': `import { hash } from '@meterline/shared/integrity/hash.ts'\nimport { createHash } from 'node:crypto'`,
  'agent/store/journal.ts': `import { open } from '@meterline/shared/sqlite/open.ts'\nimport { seal } from '../domain/seal.ts'`,
  'agent/flow/ingest.ts': `import { journal } from '../store/journal.ts'\nimport type { Clock } from '@meterline/shared/base/clock.ts'`,
  'agent/intake/broker.ts': `import { ingest } from '../flow/ingest.ts'\nimport { Aedes } from 'aedes'`,
  'agent/uplink/session.ts': `import type { Ingest } from '../flow/ingest.ts'`,
  'agent/writer/thread.ts': `import { Worker } from 'node:worker_threads'\nnew Worker(new URL('./entry.ts', import.meta.url))`,
  'agent/writer/entry.ts': `import { ingest } from '../flow/ingest.ts'`,
  'agent/compose.ts': `import { broker } from './intake/broker.ts'\nimport { session } from './uplink/session.ts'`,
  'agent/cli/run.ts': `import { compose } from '../compose.ts'\nimport { Command } from 'commander'`,
  'agent/main.ts': `import { run } from './cli/run.ts'`,
  'agent/bin/agent.mjs': `import { guard } from '../../shared/base/node-guard.mjs'\nawait import('../main.ts')`,
  'aggregator/domain/bill.ts': `import { closest } from '@meterline/shared/config/mistakes.ts'`,
  'aggregator/domain/README.test.ts': `import { readFileSync } from 'node:fs'`,
  'simulators/world/world.ts': `import { compose } from '@meterline/agent/compose.ts'\nimport { bill } from '@meterline/aggregator/domain/bill.ts'`,
  'simulators/oracle/check.ts': `import { hash } from 'node:crypto'\nimport { open } from '@meterline/shared/sqlite/open.ts'`,
}

test('the house without a planted arrow has no problem', () => {
  expect(floorProblems(treeOf(house))).toEqual([])
})

test.each([
  ['up within shared', 'shared/units/money.ts', `import { x } from '../model/batch.ts'`, 'upwards'],
  ['up for a type only', 'shared/base/errors.ts', `import type { x } from '../units/money.ts'`, 'upwards'],
  ['sideways in shared', 'shared/rating/price.ts', `import { x } from '../integrity/hash.ts'`, 'sideways'],
  ['sideways between doors', 'agent/intake/broker.ts', `import { x } from '../uplink/session.ts'`, 'sideways'],
  ['up to a door', 'agent/flow/ingest.ts', `import { x } from '../intake/broker.ts'`, 'upwards'],
  ['up by export from', 'agent/domain/seal.ts', `export { x } from '../store/journal.ts'`, 'upwards'],
  ['up over several lines', 'agent/domain/seal.ts', `import {\n  x,\n  type y,\n} from '../flow/ingest.ts'`, 'upwards'],
  ['up by a dynamic import', 'agent/flow/ingest.ts', `  const x = await import('../compose.ts')`, 'upwards'],
  ['up by the type of an import', 'agent/flow/ingest.ts', `type X = typeof import('../compose.ts')`, 'upwards'],
  [
    'up by the entry of a worker',
    'agent/flow/ingest.ts',
    `f(new URL('../writer/entry.ts', import.meta.url))`,
    'upwards',
  ],
  ['up from compose', 'agent/compose.ts', `import { x } from './cli/run.ts'`, 'upwards'],
  ['the other service', 'agent/cli/run.ts', `import { x } from '@meterline/aggregator/domain/bill.ts'`, 'only share'],
  [
    'the other service, from a test',
    'agent/cli/run.test.ts',
    `import { x } from '@meterline/aggregator/domain/bill.ts'`,
    'only share',
  ],
  ['a service from shared', 'shared/wire/proto.ts', `import { x } from '@meterline/agent/main.ts'`, 'only share'],
  [
    'the simulators from below',
    'agent/flow/ingest.ts',
    `import { x } from '@meterline/simulators/world/world.ts'`,
    'nothing below',
  ],
  [
    'a path out of the package',
    'agent/flow/ingest.ts',
    `import { x } from '../../shared/base/errors.ts'`,
    'relative path',
  ],
  [
    'the oracle on what it checks',
    'simulators/oracle/check.ts',
    `import { x } from '@meterline/shared/units/money.ts'`,
    'oracle',
  ],
  ['the oracle on the world', 'simulators/oracle/check.ts', `import { x } from '../world/world.ts'`, 'oracle'],
  ['a file that is not there', 'agent/flow/ingest.ts', `import { x } from './missing.ts'`, 'does not exist'],
  ['files in domain', 'agent/domain/seal.ts', `import { x } from 'node:fs'`, 'must stay pure'],
  [
    'the type of a socket in domain',
    'agent/domain/seal.ts',
    `import type { Socket } from 'node:net'`,
    'must stay pure',
  ],
  ['SQLite in shared', 'shared/model/batch.ts', `import Database from 'better-sqlite3'`, 'must stay pure'],
  [
    'randomness of crypto in domain',
    'agent/domain/seal.ts',
    `import { hash, randomUUID } from 'node:crypto'`,
    'must stay pure',
  ],
  ['all of crypto in domain', 'agent/domain/seal.ts', `import * as crypto from 'node:crypto'`, 'must stay pure'],
  [
    'the clock in domain',
    'agent/domain/seal.ts',
    `import { systemClock } from '@meterline/shared/base/clock.ts'`,
    'must stay pure',
  ],
  [
    'a rim that touches, from domain',
    'aggregator/domain/bill.ts',
    `import { x } from '@meterline/shared/wire/proto.ts'`,
    'must stay pure',
  ],
  ['sockets in flow', 'agent/flow/ingest.ts', `import { connect } from 'node:net'`, 'leaves the machine to a rim'],
  [
    'the clock in flow',
    'agent/flow/ingest.ts',
    `import { systemClock } from '@meterline/shared/base/clock.ts'`,
    'leaves the machine',
  ],
  ['gRPC outside its files', 'agent/intake/broker.ts', `import { Client } from '@grpc/grpc-js'`, 'may know'],
  ['MQTT client outside the doors', 'agent/flow/ingest.ts', `import { connect } from 'mqtt'`, 'only agent/intake'],
  ['what is for tests', 'agent/flow/ingest.ts', `import { x } from './journal-for-tests.ts'`, 'for tests only'],
  ['a barrel', 'agent/flow/index.ts', '', 'barrel'],
  ['exporting everything', 'agent/flow/ingest.ts', `export * from './other.ts'`, 'name what is exported'],
  ['a computed import', 'agent/flow/ingest.ts', `  await import(name)`, 'computed'],
  ['a folder without a floor', 'agent/utils/text.ts', '', 'no floor'],
  ['a circle of two', 'shared/base/errors.ts', `import type { x } from './clock.ts'\nimport './backoff.ts'`, 'circle'],
])('a planted arrow is found: %s', (_name, file, text, expected) => {
  const extra = {
    'shared/base/backoff.ts': `import { x } from './errors.ts'`,
    'agent/flow/other.ts': '',
    'agent/flow/journal-for-tests.ts': `import { mkdtempSync } from 'node:fs'`,
  }
  const problems = floorProblems(treeOf({ ...house, ...extra, [file]: text }))
  expect(problems.filter((problem) => problem.includes(expected) && problem.includes(file))).toHaveLength(1)
})

test('a longer circle is found once and written out', () => {
  const circle = {
    'shared/base/a.ts': `import './b.ts'`,
    'shared/base/b.ts': `import './c.ts'`,
    'shared/base/c.ts': `import type { x } from './a.ts'`,
  }
  expect(floorProblems(treeOf(circle))).toEqual([
    'files import each other in a circle: shared/base/a.ts → shared/base/b.ts → shared/base/c.ts → shared/base/a.ts',
  ])
})

test.each([
  [`import a from 'x'`, { specifier: 'x', typeOnly: false, names: ['default'] }],
  [`import a, { b as c } from 'x'`, { specifier: 'x', typeOnly: false, names: ['default', 'b'] }],
  [`import { type a, b } from 'x'`, { specifier: 'x', typeOnly: false, names: ['a', 'b'] }],
  [`import { type a, type b } from 'x'`, { specifier: 'x', typeOnly: true, names: ['a', 'b'] }],
  [`import type { a } from 'x'`, { specifier: 'x', typeOnly: true, names: ['a'] }],
  [`import type * as a from 'x'`, { specifier: 'x', typeOnly: true, names: undefined }],
  [`import * as a from "x'y"`, { specifier: "x'y", typeOnly: false, names: undefined }],
  [`import 'x'`, { specifier: 'x', typeOnly: false, names: undefined }],
  [`export { a } from 'x'`, { specifier: 'x', typeOnly: false, names: ['a'] }],
  [`export * as a from 'x'`, { specifier: 'x', typeOnly: false, names: undefined }],
  [`  const a = require('x')`, { specifier: 'x', typeOnly: false, names: undefined }],
])('the import in %s is read', (text, expected) => {
  expect(importsOf(text)).toEqual([expect.objectContaining(expected)])
})

test('what only looks like an import is left alone', () => {
  const text = `// import { a } from 'x'\n/* import('x') */\nexport const from = 'x'\nconst url = new URL('./data.yaml', import.meta.url)`
  expect(importsOf(text)).toEqual([])
})

function treeOf(texts: Readonly<Record<string, string>>): SourceTree {
  return new Map(Object.entries(texts).map(([file, text]) => [file, importsOf(text)]))
}
