import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { decodeSnapshot, snapshotHash, type Snapshot } from '@meterline/shared/model/snapshot.ts'
import { openSubjectBindings, type SubjectBindings } from '@meterline/shared/model/subject-bindings.ts'
import { snapshotFeature } from '@meterline/shared/wire/messages.ts'
import { SealingAgent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { acmeFile } from './fixtures/tenant-file.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

const signingKey = openSigningKey(generateSigningKey().privatePem)
let dataDirectory = ''
let tenant: TestTenant
let agent: SealingAgent

beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-snapshots-'))
  const random = seededRandom('snapshots')
  tenant = new TestTenant({ dataDirectory, signingKey, nowMs: usageTimeMs, random, log: silentLog() })
  agent = new SealingAgent('acme', 'gw-1')
  apply(['gw-1'])
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

/** Applies the file with these agents; the first one is the one of the test. */
function apply(agents: readonly string[]): void {
  const registered = agents.map((id, index) => {
    const { key } = index === 0 ? agent : new SealingAgent('acme', id)
    return { id, key: key.publicKeyBase64 }
  })
  expect(tenant.apply(() => acmeFile(registered))).toMatchObject({ ok: true, value: { applied: true } })
}

type Connection = ReturnType<TestTenant['connect']>

function greeted(features = [snapshotFeature], held: Uint8Array = new Uint8Array(0)): Connection {
  const connection = tenant.connect()
  connection.session.onMessage(agent.hello({ features, snapshotHash: held }))
  return connection
}

function offered(connection: Connection): { readonly bytes: Uint8Array; readonly snapshot: Snapshot } {
  const message = connection.ofKind('snapshot').at(-1)
  const decoded = message === undefined ? null : decodeSnapshot(message.bytes)
  if (message === undefined || decoded?.ok !== true) throw new Error('no snapshot was offered')
  return { bytes: message.bytes, snapshot: decoded.value }
}

function hashes(snapshot: Snapshot): readonly Uint8Array[] {
  return snapshot.parts.map(({ hash }) => Buffer.from(hash, 'hex'))
}

function told(connection: Connection): SubjectBindings {
  const answer = connection.ofKind('subject-answer').at(-1)
  const opened = answer === undefined ? null : openSubjectBindings(answer, signingKey.publicKeyBase64)
  if (opened?.ok !== true) throw new Error('no signed answer came')
  return opened.value
}

describe('an agent that puts snapshots together', () => {
  test('is offered the one in force, gets the parts it asks for, each once, and nothing else', () => {
    const connection = greeted()
    expect(connection.ofKind('welcome')[0]?.features).toContain(snapshotFeature)
    const { snapshot } = offered(connection)
    const unknown = new Uint8Array(32)
    const request = { kind: 'part-request', hashes: [unknown, ...hashes(snapshot)] } as const
    connection.session.onMessage(request)
    connection.session.onMessage(request)
    const came = connection.ofKind('snapshot-part').map(({ bytes }) => toHex(sha256(bytes)))
    expect(came).toEqual(snapshot.parts.map(({ hash }) => hash))
  })

  test('is told of subjects under the state that the snapshot names', () => {
    const connection = greeted()
    const { snapshot } = offered(connection)
    connection.session.onMessage({ kind: 'subject-request', subjects: ['trk-1', 'nobody', 'trk-1'] })
    const { subjects, ...head } = told(connection)
    expect(head).toEqual({ format: 1, tenant: 'acme', version: snapshot.version, bindingsHash: snapshot.bindingsHash })
    expect(subjects.map(({ subject, bindings }) => [subject, bindings.length])).toEqual([
      ['trk-1', 1],
      ['nobody', 0],
    ])
  })

  test('that holds it is offered nothing until there is a newer one, whose parts it has for the most part', () => {
    const first = offered(greeted())
    const connection = greeted([snapshotFeature], snapshotHash(first.bytes))
    expect(connection.ofKind('snapshot')).toEqual([])
    apply(['gw-1', 'gw-2'])
    const next = offered(connection)
    expect(next.snapshot.version).toBeGreaterThan(first.snapshot.version)
    expect(next.snapshot.parts).toEqual(first.snapshot.parts)
    expect(next.snapshot.bindingsHash).toBe(first.snapshot.bindingsHash)
    connection.session.onMessage({ kind: 'part-request', hashes: hashes(next.snapshot).slice(0, 1) })
    expect(connection.ofKind('snapshot-part')).toHaveLength(1)
  })

  test('gets no more subjects into an answer than there is room for, and the first ones', () => {
    const connection = greeted()
    // As long in JSON as a subject can be: each byte of it takes six.
    const subjects = Array.from({ length: 512 }, (_, number) => `${number}`.padEnd(128, '\u0001'))
    connection.session.onMessage({ kind: 'subject-request', subjects })
    const { length } = told(connection).subjects
    expect(told(connection).subjects.map(({ subject }) => subject)).toEqual(subjects.slice(0, length))
    expect(length).toBeGreaterThan(100)
  })
})

describe('a session', () => {
  test('offers nothing to an agent that cannot put snapshots together', () => {
    const connection = greeted([])
    expect(connection.ofKind('welcome')).toHaveLength(1)
    expect(connection.ofKind('snapshot')).toEqual([])
    apply(['gw-1', 'gw-2'])
    expect(connection.ofKind('snapshot')).toEqual([])
  })

  test.each([
    { kind: 'part-request', hashes: [new Uint8Array(32)] } as const,
    { kind: 'subject-request', subjects: ['trk-1'] } as const,
  ])('is refused that begins with a $kind', (request) => {
    const connection = tenant.connect()
    connection.session.onMessage(request)
    expect(connection.refusals).toEqual(['hello_expected'])
    expect(connection.ofKind('subject-answer')).toEqual([])
  })

  test('says nothing to a request about nobody', () => {
    const connection = greeted()
    connection.session.onMessage({ kind: 'subject-request', subjects: [] })
    expect(connection.ofKind('subject-answer')).toEqual([])
  })
})
