import 'reflect-metadata'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultError } from '@meterline/shared/base/errors.ts'
import { openTestDoor } from './intake-for-tests.ts'
import type { MqttListener } from './mqtt-listeners.ts'

const folder = mkdtempSync(join(tmpdir(), 'meterline-mqtt-'))
const tls = { cert: join(folder, 'door.crt'), key: join(folder, 'door.key') }
let certificatePem = ''

beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    signingAlgorithm: algorithm,
    keys,
  })
  certificatePem = certificate.toString('pem')
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  writeFileSync(tls.cert, certificatePem)
  writeFileSync(tls.key, PemConverter.encode(key, 'PRIVATE KEY'), { mode: 0o600 })
})

afterAll(() => rmSync(folder, { recursive: true }))

test('TLS on an address that is not only local carries telemetry', async () => {
  await using door = await openTestDoor({ listeners: [{ host: '0.0.0.0', port: 0, tls }] })
  expect(door.door.addresses).toMatchObject([{ host: '0.0.0.0', tls: true }])
  door.intake.settleAtOnce()
  const url = `mqtts://127.0.0.1:${door.port}`
  const client = await connectAsync(url, {
    ca: certificatePem,
    servername: 'localhost',
    clientId: 'tls-1',
    reconnectPeriod: 0,
  })
  await client.publishAsync('meter/v1/trk-1/usage', 'over TLS', { qos: 1 })
  await client.endAsync()
  expect(door.intake.taken).toEqual(['trk-1/usage over TLS'])
})

test('plain text to a TLS listener is closed and stops nobody', async () => {
  await using door = await openTestDoor({ listeners: [{ host: '127.0.0.1', port: 0, tls }] })
  await expect(connectAsync(`mqtt://127.0.0.1:${door.port}`, { reconnectPeriod: 0 }, false)).rejects.toThrow(
    /connect|closed|ECONNRESET/,
  )
  expect(door.door.status().connections).toBe(0)
})

test('several listeners share one broker', async () => {
  const listeners = [
    { host: '127.0.0.1', port: 0 },
    { host: 'localhost', port: 0 },
    { host: '127.0.0.1', port: 0, tls },
  ]
  await using door = await openTestDoor({ listeners })
  expect(door.door.addresses.map(({ tls: isTls }) => isTls)).toEqual([false, false, true])
  expect(new Set(door.door.addresses.map(({ port }) => port)).size).toBe(3)
})

describe('a listener that is refused', () => {
  const faultOf = async (listener: MqttListener): Promise<unknown> => {
    try {
      await using door = await openTestDoor({ listeners: [{ host: '127.0.0.1', port: 0 }, listener] })
      return door.door.addresses
    } catch (error) {
      return error instanceof FaultError ? error.fault.code : error
    }
  }
  const plain = ['0.0.0.0', '::', '10.1.2.3', 'example.org', '127.0.0.1.example.org']
  test.each(plain)('plain text on %s', async (host) => {
    expect(await faultOf({ host, port: 0 })).toBe('mqtt_plain_text_not_loopback')
  })

  test('a certificate that is not there, or none', async () => {
    expect(await faultOf({ host: '127.0.0.1', port: 0, tls: { cert: join(folder, 'no.crt'), key: tls.key } })).toBe(
      'mqtt_tls_unusable',
    )
    expect(await faultOf({ host: '127.0.0.1', port: 0, tls: { cert: tls.key, key: tls.key } })).toBe(
      'mqtt_tls_unusable',
    )
  })

  test('a port that is taken', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const server = createServer().listen(0, '127.0.0.1', resolve)
    await promise
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await faultOf({ host: '127.0.0.1', port })).toBe('mqtt_listen_failed')
    server.close()
  })

  test('a prefix or a device that cannot be used', async () => {
    await expect(openTestDoor({ prefix: 'meter/#' })).rejects.toMatchObject({ fault: { code: 'mqtt_prefix_invalid' } })
    await expect(openTestDoor({ devices: [{ id: 'a', secretHash: 'a' }] })).rejects.toMatchObject({
      fault: { code: 'device_secret_hash_invalid' },
    })
  })
})
