import { describe, expect, test } from 'vitest'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Commands, TenantStatus } from '../flow/commands.ts'
import { commandRunner } from './serve-commands.ts'

const about = { version: '1.2.3', pid: 7, publicKey: 'key' }

/** Commands that answer with what they were asked. */
function echoing(tenants: readonly string[]): Commands {
  const answer = (...input: unknown[]) => ok(input as never)
  return {
    apply: (name, text, options) => {
      if (text === 'wrong') {
        const place = { file: name, line: 3, column: 5, path: 'meters[0].id' }
        const mistakes = [
          { ...place, message: 'is missing' },
          { ...place, line: 9, message: 'is unknown', suggestion: 'did you mean unit?' },
        ]
        return Promise.resolve({
          ok: false,
          fault: fault('tenant_file_invalid', 'acme.yaml has 2 mistakes.'),
          mistakes,
        })
      }
      return Promise.resolve({ ok: true, value: { tenant: text, version: 1, applied: !options.dryRun, diff: [] } })
    },
    catalogueShow: answer,
    catalogueHistory: answer,
    catalogueDiff: answer,
    catalogueExport: answer,
    closePeriod: (request, progress) => {
      progress?.('half way')
      return Promise.resolve(answer(request))
    },
    billCorrections: (tenant, request) => Promise.resolve(answer(tenant, request)),
    billProgressive: (tenant, request) => Promise.resolve(answer(tenant, request)),
    invoiceList: answer,
    invoiceShow: answer,
    status: () => tenants.map((tenant) => ({ tenant }) as TenantStatus),
    tenantStatus: (tenant) => (tenants.includes(tenant) ? answer(tenant) : failed(fault('tenant_unknown', 'none'))),
    dispositions: answer,
    suspenseList: answer,
    suspenseShow: answer,
    suspenseReplay: (...input) => Promise.resolve(answer(...input)),
    suspenseDiscard: answer,
    subscriptionList: answer,
    subscriptionShow: answer,
    subscriptionChange: answer,
    usageVoid: (...input) => Promise.resolve(answer(...input)),
    paymentRecord: (...input) => Promise.resolve(answer(...input)),
    paymentReverse: (...input) => Promise.resolve(answer(...input)),
    creditAllocate: (...input) => Promise.resolve(answer(...input)),
    creditRefund: (...input) => Promise.resolve(answer(...input)),
    creditsApply: (...input) => Promise.resolve(answer(...input)),
    noteIssue: (...input) => Promise.resolve(answer(...input)),
    documentVoid: (...input) => Promise.resolve(answer(...input)),
    disputeOpen: (...input) => Promise.resolve(answer(...input)),
    disputeResolve: (...input) => Promise.resolve(answer(...input)),
    receivableList: (...input) => Promise.resolve(answer(...input)),
    receivableLines: (...input) => Promise.resolve(answer(...input)),
    receivableAging: (...input) => Promise.resolve(answer(...input)),
    accountStatement: (...input) => Promise.resolve(answer(...input)),
    disputeList: answer,
    margin: answer,
    simulateBill: (...input) => Promise.resolve(answer(...input)),
    clockShow: answer,
    clockAdvance: (...input) => Promise.resolve(answer(...input)),
    disputeShow: answer,
    receivableDecisions: answer,
    drift: answer,
    evidenceList: answer,
    verifyBooks: answer,
    backup: (order) =>
      Promise.resolve(order.tenant === 'broken' ? failed(fault('backup_failed', 'its disk is full')) : answer(order)),
    gaps: (...input) => Promise.resolve(answer(...input)),
    correlations: (...input) => Promise.resolve(answer(...input)),
  }
}

async function run(command: string, input: object, tenants: readonly string[] = ['acme']): Promise<unknown> {
  return await commandRunner(echoing(tenants), about)(command, input as Record<string, unknown>, () => undefined)
}

describe('commands over the control socket', () => {
  test.each([
    ['catalogue-show', { tenant: 'x' }, ['x', { version: null }]],
    ['catalogue-show', { tenant: 'x', version: 3, atMs: 5 }, ['x', { version: 3, atMs: 5 }]],
    ['catalogue-history', { tenant: 'x' }, ['x', { limit: 100 }]],
    [
      'catalogue-diff',
      { tenant: 'x', before: { fileName: 'a.yaml', text: 'tenant: x' }, after: { version: null } },
      ['x', { fileName: 'a.yaml', text: 'tenant: x' }, { version: null }],
    ],
    ['catalogue-export', { tenant: 'x', version: 7 }, ['x', 7]],
    ['invoice-list', { tenant: 'x', period: '2025-06' }, ['x', '2025-06']],
    ['invoice-show', { tenant: 'x', number: 'x-000001' }, ['x', 'x-000001']],
    [
      'close-period',
      { tenant: 'x', period: '2025-06' },
      [{ tenant: 'x', period: '2025-06', force: false, dryRun: false }],
    ],
    [
      'bill-corrections',
      { approve: { digest: 'ab'.repeat(32), by: ' Ada ' } },
      ['acme', { dryRun: false, approve: { digest: 'ab'.repeat(32), by: 'Ada' } }],
    ],
    ['bill-progressive', { dryRun: true }, ['acme', { dryRun: true }]],
    ['suspense-list', { tenant: 'x' }, ['x', { limit: 100 }]],
    [
      'suspense-list',
      { tenant: 'x', limit: 5, after: { logIndex: 3, unit: 1 } },
      ['x', { limit: 5, after: { logIndex: 3, unit: 1 } }],
    ],
    ['suspense-show', { tenant: 'x', place: { logIndex: 3, unit: 1 } }, ['x', { logIndex: 3, unit: 1 }]],
    [
      'suspense-discard',
      { tenant: 'x', units: [{ logIndex: 3, unit: 1 }], reason: ' a test ', by: 'Ada' },
      ['x', { units: [{ logIndex: 3, unit: 1 }], reason: 'a test', by: 'Ada' }],
    ],
    [
      'usage-void',
      {
        tenant: 'x',
        targets: [
          { source: 'gw', id: 'a' },
          { logIndex: 3, unit: 1 },
        ],
        reason: ' a test ',
        by: 'Ada',
      },
      [
        'x',
        {
          targets: [
            { source: 'gw', id: 'a' },
            { logIndex: 3, unit: 1 },
          ],
          reason: 'a test',
          by: 'Ada',
          dryRun: false,
        },
        expect.any(Function),
      ],
    ],
    ['drift', { tenant: 'x', period: '2026-11' }, ['x', { period: '2026-11', limit: 100 }]],
    ['evidence-list', { tenant: 'x', limit: 2 }, ['x', { limit: 2 }]],
    ['dispositions', { tenant: 'x', events: [{ source: 's', id: 'i' }] }, ['x', [{ source: 's', id: 'i' }]]],
    ['verify', { tenant: 'x' }, ['x']],
    [
      'backup',
      { tenant: 'x', toDirectory: '/backups' },
      { backups: [[{ tenant: 'x', toDirectory: '/backups' }]], failed: [] },
    ],
    ['gaps', { tenant: 'x' }, ['x', { days: 7, limit: 100 }]],
    ['gaps', { atMs: 5, kinds: ['silent'], limit: 9 }, ['acme', { atMs: 5, kinds: ['silent'], days: 7, limit: 9 }]],
    ['correlations', { rule: 'r', states: ['differs'] }, ['acme', { rule: 'r', states: ['differs'], limit: 100 }]],
    ['status', { tenant: 'acme' }, ['acme']],
    ['status', {}, { ...about, tenants: [{ tenant: 'acme' }] }],
    ['apply', { fileName: 'f', text: 'acme' }, { tenant: 'acme', version: 1, applied: true, diff: [] }],
    ['apply', { fileName: 'f', text: 'acme', dryRun: true }, { tenant: 'acme', version: 1, applied: false, diff: [] }],
  ])('%s takes %j', async (command, input, value) => {
    expect(await run(command, input)).toEqual({ ok: true, value })
  })

  test('the tenant may be left out when there is only one', async () => {
    expect(await run('verify', {})).toEqual({ ok: true, value: ['acme'] })
    expect(await run('verify', {}, ['a', 'b'])).toMatchObject({
      fault: { code: 'tenant_needed', message: expect.stringContaining('a, b') as string },
    })
    expect(await run('verify', {}, [])).toMatchObject({ fault: { code: 'tenant_needed' } })
  })

  test('a backup of all tenants says which could not be made', async () => {
    const answer = await run('backup', { tenant: 'all', toDirectory: '/backups' }, ['a', 'broken', 'c'])
    const made = ['a', 'c'].map((tenant) => [{ tenant, toDirectory: '/backups' }])
    const failures = [{ tenant: 'broken', code: 'backup_failed', message: 'its disk is full' }]
    expect(answer).toEqual({ ok: true, value: { backups: made, failed: failures } })
    const alone = await run('backup', { tenant: 'broken', toDirectory: '/backups' })
    expect(alone).toMatchObject({ ok: false, fault: { code: 'backup_failed' } })
  })

  test('mistakes of a file are all named, for people and for programs', async () => {
    const answer = await run('apply', { fileName: 'acme.yaml', text: 'wrong' })
    expect(answer).toMatchObject({ ok: false, fault: { code: 'tenant_file_invalid' } })
    const { message, details } = (answer as { fault: { message: string; details: { mistakes: string } } }).fault
    expect(message.split('\n')).toEqual([
      'acme.yaml:3:5: meters[0].id: is missing',
      'acme.yaml:9:5: meters[0].id: is unknown; did you mean unit?',
      'acme.yaml has 2 mistakes.',
    ])
    expect(JSON.parse(details.mistakes)).toHaveLength(2)
  })

  test.each([
    ['a command there is not', 'erase', {}, 'command_unknown'],
    ['a command named like a method of every object', 'toString', {}, 'command_unknown'],
    ['an argument there is not', 'verify', { tennant: 'x' }, 'arguments_invalid'],
    ['an argument of another kind', 'invoice-show', { number: 5 }, 'arguments_invalid'],
    ['a missing argument', 'close-period', {}, 'arguments_invalid'],
    ['what is no digest', 'bill-corrections', { approve: { digest: 'x', by: 'Ada' } }, 'arguments_invalid'],
    ['a folder that depends on where the service runs', 'backup', { toDirectory: 'backups' }, 'arguments_invalid'],
    ['a page that is too long', 'suspense-list', { limit: 1_000_000 }, 'arguments_invalid'],
  ])('%s is refused', async (_name, command, input, code) => {
    expect(await run(command, input)).toMatchObject({ ok: false, fault: { code } })
  })
})
