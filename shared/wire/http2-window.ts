import http2 from 'node:http2'
import type { ServerHttp2Session } from 'node:http2'

/**
 * The HTTP/2 flow control window that grpc-js servers get here, in bytes, for each stream and for the whole connection.
 * grpc-js leaves servers at 64 KB and offers no option: a batch of 100 KB then stalls for a round trip behind a busy
 * loop, which cost a third of the throughput when measured.
 */
export const raisedWindowBytes = 4 * 1024 * 1024

/**
 * Runs `create`, which must create a grpc-js HTTP/2 server synchronously, and gives that server the raised window and
 * TLS 1.3 as its lowest version (grpc-js offers no option for either). Only servers created during this one synchronous
 * call are touched: Node's functions are put back before it returns.
 */
export function withRaisedWindow<Created>(create: () => Created): Created {
  const { createServer, createSecureServer } = http2
  // grpc-js always calls both with an options object and no listener; anything else is passed on as it is.
  http2.createServer = ((options?: object, ...rest: unknown[]) =>
    raiseSessionWindows(
      Reflect.apply(createServer, http2, [withWindowSetting(options), ...rest]),
    )) as typeof createServer
  http2.createSecureServer = ((options?: object, ...rest: unknown[]) =>
    raiseSessionWindows(
      Reflect.apply(createSecureServer, http2, [{ ...withWindowSetting(options), minVersion: 'TLSv1.3' }, ...rest]),
    )) as typeof createSecureServer
  try {
    return create()
  } finally {
    http2.createServer = createServer
    http2.createSecureServer = createSecureServer
  }
}

function withWindowSetting(options: { settings?: object } | undefined): object {
  return { ...options, settings: { ...options?.settings, initialWindowSize: raisedWindowBytes } }
}

interface SessionEmitter {
  on(event: 'session', listener: (session: ServerHttp2Session) => void): unknown
}

function raiseSessionWindows<Server extends SessionEmitter>(server: Server): Server {
  server.on('session', (session) => session.setLocalWindowSize(raisedWindowBytes))
  return server
}
