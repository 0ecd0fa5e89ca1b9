import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { generateSigningKey, openSigningKey } from '@meterline/shared/integrity/signature.ts'
import { usageEvent, usageTimeMs } from './fixtures/sealing-agent.ts'
import { TestTenant } from './fixtures/test-tenant.ts'

/** Four times the batches at which a session of the fixture is asked to pause. */
const mostWaiting = 400

let dataDirectory = ''
let tenant: TestTenant
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-session-cap-'))
  tenant = new TestTenant({
    dataDirectory,
    signingKey: openSigningKey(generateSigningKey().privatePem),
    nowMs: usageTimeMs,
    random: seededRandom('session cap'),
    log: silentLog(),
  })
  tenant.apply()
})
afterEach(() => {
  tenant.registry.kill()
  rmSync(dataDirectory, { recursive: true, force: true })
})

test('a session that sends on although it was asked to pause is refused over its cap, and nothing it was not told of is gone', () => {
  for (let sent = 0; sent < mostWaiting; sent++) tenant.send([usageEvent({ id: `e${sent}` })])
  expect(tenant.messages.filter(({ kind }) => kind === 'refusal')).toEqual([])
  tenant.send([usageEvent({ id: 'one too many' })])
  expect(tenant.messages.at(-1)).toMatchObject({ kind: 'refusal', code: 'busy', permanent: false })
  tenant.clock.advance(0)
  // What a refused session left behind is sent again by its agent, so no receipt is owed for it.
  expect(tenant.messages.filter(({ kind }) => kind === 'receipt')).toEqual([])
})
