import { expect, test } from 'vitest'
import type { RestoreReport } from '../flow/restore-order.ts'
import { backupText, restoreText } from './recovery-texts.ts'

const report: RestoreReport = {
  tenant: 'acme',
  applied: true,
  generation: 2,
  size: 41,
  root: 'ab'.repeat(32),
  backupFile: '/backups/acme.db',
  replacedFile: '/data/acme.db.before-2',
  replacedUnreadable: null,
  lost: {
    logEntries: 9,
    batches: 3,
    catalogues: 1,
    documents: [
      {
        number: 'acme-000007',
        series: 'acme',
        seller: 'acme',
        buyer: 'bright',
        period: '2025-06',
        currency: 'EUR',
        total: '3.70',
        logIndex: 44,
      },
    ],
    closedPeriods: ['2025-06'],
    agents: [
      { agent: 'gw-1', epoch: 1, restoredSeq: 5, replacedSeq: 8 },
      { agent: 'gw-2', epoch: 3, restoredSeq: 0, replacedSeq: 1 },
    ],
  },
  numberGaps: [
    { entity: 'acme', series: 'acme', from: 7, to: 7 },
    { entity: 'nordlink', series: 'nordlink', from: 2, to: 4 },
  ],
}

test('a restore says what is lost and what is to be done', () => {
  expect(restoreText(report).split('\n')).toEqual([
    'acme: restored with 41 log entries, as generation 2.',
    '  The replaced books are kept in /data/acme.db.before-2.',
    '  Not in the restored books: 9 log entries, among them 3 batches, 1 catalogue, 1 document.',
    '  Agent gw-1, epoch 1, sends batches 6 to 8 again if it still has them.',
    '  Agent gw-2, epoch 3, sends batch 1 again if it still has it.',
    '  ISSUED AND LOST: document acme-000007 to bright for 2025-06, 3.70 EUR.',
    '  Open again, close them anew: 2025-06.',
    '  Numbers left unused in series acme: 7.',
    '  Numbers left unused in series nordlink: 2 to 4.',
  ])
})

test('a restore over books that cannot be read says so', () => {
  const text = restoreText({
    ...report,
    applied: false,
    lost: null,
    replacedUnreadable: 'it is\nmalformed',
    numberGaps: [],
  })
  expect(text.split('\n')).toEqual([
    'acme: nothing was restored (dry run); it would be with 41 log entries, as generation 2.',
    '  The replaced books would be kept in /data/acme.db.before-2.',
    '  They cannot be read: it is malformed',
    '  What was lost cannot be known.',
  ])
})

test('backups name their files, and tenants without one', () => {
  const made = {
    tenant: 'acme',
    generation: 2,
    size: 1,
    root: '',
    checkpoint: '',
    file: '/b/acme.db',
    manifestFile: '/b/acme.json',
    fileBytes: 4096,
    sha256: '',
    createdMs: 0,
  }
  const failed = [{ tenant: 'other', code: 'tenant_failed', message: 'its store does not work' }]
  expect(backupText({ backups: [made], failed })).toBe(
    'acme: 1 log entry of generation 2, verified, 4096 bytes: /b/acme.db\nother: NOT BACKED UP: its store does not work',
  )
  expect(backupText({ backups: [], failed: [] })).toBe('There is no tenant yet.')
})
