import http2 from 'node:http2'
import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2'

/**
 * The HTTP/2 flow control window that grpc-js servers get here, in bytes, for each stream and for the whole connection.
 * grpc-js leaves servers at 64 KB and offers no option: a batch of 100 KB then stalls for a round trip behind a busy
 * loop, which cost a third of the throughput when measured.
 */
export const raisedWindowBytes = 4 * 1024 * 1024

/** A connection that has not shaken hands by then is dropped. */
const handshakeTimeoutMs = 10_000

/**
 * Runs `create`, which must create a grpc-js HTTP/2 server synchronously, and gives that server the raised window and
 * TLS 1.3 as its lowest version and a short handshake (grpc-js offers no option for any of them). Only servers created during this one synchronous
 * call are touched: Node's functions are put back before it returns.
 */
export function withRaisedWindow<Created>(create: () => Created): Created {
  const { createServer, createSecureServer } = http2
  // grpc-js passes options and no listener to either, which is all that the replacements understand.
  const plain = createServer as (options: object) => Http2Server
  const secure = createSecureServer as (options: object) => Http2SecureServer
  http2.createServer = ((options?: ServerOptions) =>
    raiseSessionWindows(plain(withWindowSetting(options)))) as typeof createServer
  http2.createSecureServer = ((options?: ServerOptions) =>
    raiseSessionWindows(
      secure({ ...withWindowSetting(options), minVersion: 'TLSv1.3', handshakeTimeout: handshakeTimeoutMs }),
    )) as typeof createSecureServer
  try {
    return create()
  } finally {
    http2.createServer = createServer
    http2.createSecureServer = createSecureServer
  }
}

interface ServerOptions {
  readonly settings?: object
}

function withWindowSetting(options: ServerOptions | undefined): object {
  return { ...options, settings: { ...options?.settings, initialWindowSize: raisedWindowBytes } }
}

interface SessionEmitter {
  on(event: 'session', listener: (session: ServerHttp2Session) => void): unknown
}

function raiseSessionWindows<Server extends SessionEmitter>(server: Server): Server {
  server.on('session', (session) => session.setLocalWindowSize(raisedWindowBytes))
  return server
}
