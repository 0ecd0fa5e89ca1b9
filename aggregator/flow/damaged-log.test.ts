import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BackupReport } from './commands.ts'
import { usageEvent } from './fixtures/sealing-agent.ts'
import { RestorableTenant } from './testing/restorable-tenant.ts'

// sqlite.org/fileformat2.html, section 4.1.
const logHeaderBytes = 32
const frameBytes = 24 + 4_096

let acme: RestorableTenant
let backup: BackupReport
beforeEach(async () => {
  acme = new RestorableTenant()
  acme.use(usageEvent({ id: 'a' }))
  backup = await acme.backup()
  // What was in the log until now goes into the file.
  acme.stop()
  acme.start()
  for (const id of ['b', 'c', 'd']) acme.use(usageEvent({ id }))
  acme.stop()
})
afterEach(() => acme.remove())

const logFile = (): string => `${acme.booksFile}-wal`
const frames = (): number => Math.floor((readFileSync(logFile()).length - logHeaderBytes) / frameBytes)
const startOf = (frame: number): number => logHeaderBytes + frame * frameBytes

function flipBit(at: number): void {
  const bytes = readFileSync(logFile())
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at)
  writeFileSync(logFile(), bytes)
}

function zeroFrame(frame: number): void {
  const bytes = readFileSync(logFile())
  bytes.fill(0, startOf(frame) + 24, startOf(frame + 1))
  writeFileSync(logFile(), bytes)
}

describe('a write-ahead log of the books', () => {
  test.each([
    ['a bit of its header is flipped', () => flipBit(3)],
    ['a bit of a frame header is flipped', () => flipBit(startOf(2) + 9)],
    ['a bit of a page is flipped', () => flipBit(startOf(1) + 1_000)],
    ['a bit of its last page is flipped', () => flipBit(startOf(frames() - 1) + 77)],
    ['a page of it comes back as zeros', () => zeroFrame(1)],
  ])('of which %s keeps the tenant from being opened, and nothing of it is thrown away', (_what, damage) => {
    damage()
    const left = [readFileSync(acme.booksFile), readFileSync(logFile())]
    const { registry } = acme.start()
    expect(registry.find('acme')).toBe('failed')
    const [failure] = registry.failures()
    expect(failure?.reason).toContain(`${acme.booksFile}-wal`)
    expect(failure?.reason).toContain('"restore"')
    expect([readFileSync(acme.booksFile), readFileSync(logFile())]).toEqual(left)
    expect(acme.problems()).toContainEqual(expect.stringContaining('I14: the write-ahead log'))
  })

  test.each([
    ['in the middle of a frame', () => startOf(frames() - 1) + 2_000],
    ['behind a frame', () => startOf(frames() - 1)],
  ])('that a power cut tore off %s is none the worse for it', (_where, end) => {
    truncateSync(logFile(), end())
    expect(acme.problems().filter((problem) => problem.includes('write-ahead log'))).toEqual([])
    expect(acme.start().registry.find('acme')).not.toBe('failed')
  })

  test('that is damaged leaves nobody sure of the last numbers, so a restore asks for them', () => {
    zeroFrame(1)
    expect(acme.restore(backup)).toMatchObject({ ok: false, fault: { code: 'numbers_unknown' } })
    const restored = acme.restore(backup, { lastNumbers: [] })
    expect(restored).toMatchObject({ ok: true, value: { generation: 2, size: backup.size } })
    expect(restored.ok && restored.value.replacedUnreadable).toContain('its write-ahead log')
    const { registry } = acme.start()
    expect(registry.find('acme')).not.toBe('failed')
    acme.use(usageEvent({ id: 'e' }))
    const events = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ source: 'trk-1', id }))
    const found = acme.running.commands.dispositions('acme', events)
    expect(found.ok && found.value.map(({ kind }) => kind)).toEqual(events.map(() => 'charged'))
    expect(acme.problems()).toEqual([])
  })
})
