import { createServer } from 'node:net'
import type { Server as NetServer, Socket } from 'node:net'
import type { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'
import { failed, fault, ok } from '../base/errors.ts'
import type { Fault, Result } from '../base/errors.ts'
import { withRaisedWindow } from './http2-window.ts'

/** Where a gRPC server listens. A Unix socket is created with mode 0600, so that only its own user can connect. */
export type ListenPlace = { readonly host: string; readonly port: number } | { readonly socketFile: string }

/** A gRPC server that is listening. `close` stops accepting, drops every connection and resolves when all are gone. */
export interface GrpcListener {
  /** The bound TCP port (the one chosen by the system when 0 was asked for); null on a Unix socket. */
  readonly port: number | null
  close(): Promise<void>
}

/**
 * Opens the listening socket for a gRPC server and hands every connection to it. The socket is ours and not grpc-js's
 * so that connections can be capped, the HTTP/2 window raised and a Unix socket created with the right mode at once.
 */
export async function openGrpcListener(options: {
  readonly server: GrpcServer
  readonly credentials: ServerCredentials
  readonly place: ListenPlace
  readonly maxConnections: number
}): Promise<Result<GrpcListener, Fault<'listen_failed'>>> {
  const { server, credentials, place } = options
  const injector = withRaisedWindow(() => server.createConnectionInjector(credentials))
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // A reset before HTTP/2 or TLS listens for errors would otherwise end the process.
    socket.on('error', () => socket.destroy())
    socket.setNoDelay(true)
    injector.injectConnection(socket)
  })
  listener.maxConnections = options.maxConnections

  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      if (listener.listening) listener.close(() => resolve())
      else resolve()
    })
    server.forceShutdown()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const bound = await listen(listener, place)
  if (!bound.ok) {
    await close()
    return bound
  }
  const address = listener.address()
  return ok({ port: typeof address === 'object' && address !== null ? address.port : null, close })
}

function listen(listener: NetServer, place: ListenPlace): Promise<Result<null, Fault<'listen_failed'>>> {
  return new Promise((resolve) => {
    const name = 'socketFile' in place ? place.socketFile : `${place.host}:${place.port}`
    listener.once('error', (error) =>
      resolve(failed(fault('listen_failed', `Cannot listen on ${name}: ${error.message}`))),
    )
    const onListening = (): void => resolve(ok(null))
    if (!('socketFile' in place)) {
      listener.listen({ host: place.host, port: place.port, exclusive: true }, onListening)
      return
    }
    // The file gets its mode when it is bound, which listen() does before it returns: no moment with a wider mode.
    const before = process.umask(0o177)
    try {
      listener.listen({ path: place.socketFile, exclusive: true }, onListening)
    } finally {
      process.umask(before)
    }
  })
}
