import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { failed, fault, ok } from '../base/errors.ts'
import { silentLog } from '../base/log.ts'
import { callControl, serveControl } from './control.ts'
import type { ControlServer, RunCommand } from './control.ts'

let folder = ''
let open: ControlServer | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-control-'))
})
afterEach(async () => {
  await open?.close()
  open = null
  rmSync(folder, { recursive: true, force: true })
})

const echo: RunCommand = async (command, input, progress) => {
  if (command === 'fail') return failed(fault('period_running', 'It still runs.', { period: '2026-11' }))
  if (command === 'throw') throw new Error('a bug')
  progress('first')
  await Promise.resolve()
  progress('second')
  return ok({ command, input })
}

async function serve(run: RunCommand = echo): Promise<string> {
  const socketFile = join(folder, 'service', 'control.sock')
  const served = await serveControl({ socketFile, run, log: silentLog() })
  if (!served.ok) throw new Error(served.fault.message)
  open = served.value
  return socketFile
}

describe('the control socket', () => {
  test('passes the command, its arguments, progress and the result', async () => {
    const socketFile = await serve()
    const lines: string[] = []
    const answer = await callControl({
      socketFile,
      command: 'apply',
      input: { text: 'tenant: acme' },
      onProgress: (line) => lines.push(line),
    })
    expect(answer).toEqual(ok({ command: 'apply', input: { text: 'tenant: acme' } }))
    expect(lines).toEqual(['first', 'second'])
  })

  test('passes a fault with its details', async () => {
    const socketFile = await serve()
    const answer = await callControl({ socketFile, command: 'fail', input: {} })
    expect(answer).toEqual(failed(fault('period_running', 'It still runs.', { period: '2026-11' })))
  })

  test('answers a command that throws with a fault and goes on serving', async () => {
    const socketFile = await serve()
    expect(await callControl({ socketFile, command: 'throw', input: {} })).toMatchObject({
      fault: { code: 'internal' },
    })
    expect(await callControl({ socketFile, command: 'x', input: {} })).toMatchObject({ ok: true })
  })

  test('only its own user may open it', async () => {
    const socketFile = await serve()
    expect(statSync(socketFile).mode & 0o777).toBe(0o600)
  })

  test('says what to do when no service runs', async () => {
    const answer = await callControl({ socketFile: join(folder, 'none.sock'), command: 'status', input: {} })
    expect(answer).toMatchObject({ ok: false, fault: { code: 'control_unreachable' } })
  })

  test('is not taken over while a service answers on it', async () => {
    const socketFile = await serve()
    const second = await serveControl({ socketFile, run: echo, log: silentLog() })
    expect(second).toMatchObject({ ok: false, fault: { code: 'control_in_use' } })
    expect(await callControl({ socketFile, command: 'x', input: {} })).toMatchObject({ ok: true })
  })

  test('replaces the file that a killed service left behind', async () => {
    const socketFile = await serve()
    await open?.close()
    // A socket file without a listener is what SIGKILL leaves: closing a handle unlinks it, so one is made by hand.
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(`${socketFile}.old`, resolve))
    const { renameSync } = await import('node:fs')
    renameSync(`${socketFile}.old`, socketFile)
    await new Promise<void>((resolve) => dead.close(() => resolve()))
    expect(statSync(socketFile).isSocket()).toBe(true)
    await serve()
    expect(await callControl({ socketFile, command: 'x', input: {} })).toMatchObject({ ok: true })
  })

  test('refuses a path that no Unix socket can have', async () => {
    const socketFile = join(folder, 'x'.repeat(120))
    expect(await serveControl({ socketFile, run: echo, log: silentLog() })).toMatchObject({
      fault: { code: 'control_path_invalid' },
    })
    expect(await callControl({ socketFile, command: 'x', input: {} })).toMatchObject({
      fault: { code: 'control_path_invalid' },
    })
  })
})
