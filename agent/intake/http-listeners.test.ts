import 'reflect-metadata'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PemConverter, X509CertificateGenerator } from '@peculiar/x509'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpSchema, type HttpConfig } from '../config/http.ts'
import { openHttpListener, type HttpListener } from './http-listeners.ts'

const folder = mkdtempSync(join(tmpdir(), 'meterline-http-tls-'))
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

function limits(): HttpConfig['limits'] {
  const config = httpSchema.parse({})
  if (config === undefined) throw new Error('the settings were left out')
  return config.limits
}

async function open(listener: HttpListener): Promise<Awaited<ReturnType<typeof openHttpListener>>> {
  return await openHttpListener(listener, limits(), (_request, response) => void response.end('answered'))
}

/** The code of the fault, or what a request over TLS is answered. */
async function outcome(listener: HttpListener): Promise<string> {
  const opened = await open(listener)
  if (!opened.ok) return opened.fault.code
  const { server, address } = opened.value
  try {
    return await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: address.port,
        ca: certificatePem,
        servername: 'localhost',
        agent: false,
      }
      const sent = request(options, (response) => {
        response.on('data', (bytes: Buffer) => resolve(bytes.toString()))
      })
      sent.on('error', reject)
      sent.end()
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('an address others can reach carries requests over TLS only', async () => {
  expect(await outcome({ host: '0.0.0.0', port: 0, tls })).toBe('answered')
  expect(await outcome({ host: '0.0.0.0', port: 0 })).toBe('http_plain_text_not_loopback')
  expect(await outcome({ host: '192.0.2.1', port: 0 })).toBe('http_plain_text_not_loopback')
})

test('what cannot be listened with says so', async () => {
  const missing = { cert: join(folder, 'none.crt'), key: tls.key }
  expect(await outcome({ host: '127.0.0.1', port: 0, tls: missing })).toBe('http_tls_unusable')
  const first = await open({ host: '127.0.0.1', port: 0 })
  if (!first.ok) throw new Error(first.fault.message)
  const { port } = first.value.address
  expect(await outcome({ host: '127.0.0.1', port })).toBe('http_listen_failed')
  first.value.server.close()
})
