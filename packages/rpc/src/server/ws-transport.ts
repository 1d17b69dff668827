import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Execution } from '@quoin/execution'
import type { Logger } from '@quoin/kernel'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { clientWentAway } from '../errors.ts'
import { Subscriptions } from '../subscriptions/subscriptions.ts'
import { type AllowedOrigins, isAllowedOrigin } from './cors.ts'
import type { Dispatcher } from './dispatch.ts'
import type { InFlight } from './in-flight.ts'
import type { RpcLimits } from './limits.ts'
import type { Caller } from './request-context.ts'

export interface WebSocketTransportOptions {
  server: Server
  dispatcher: Dispatcher
  execution: Execution
  inFlight: InFlight
  origins: AllowedOrigins
  limits: RpcLimits
  logger: Logger
}

const goingAway = 1001
const policyViolation = 1008

/** JSON-RPC over WebSocket, on the same port as HTTP, with subscriptions. */
export function createWebSocketTransport(options: WebSocketTransportOptions) {
  const { server, dispatcher, execution, inFlight, origins, limits, logger } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.bodyBytes })
  const alive = new WeakSet<WebSocket>()
  server.on('upgrade', upgrade)
  sockets.on('connection', serve)
  const pings = setInterval(pingAll, limits.webSocketPingMs)
  pings.unref()

  return {
    get count() {
      return sockets.clients.size
    },
    close() {
      clearInterval(pings)
      server.off('upgrade', upgrade)
      for (const socket of sockets.clients) socket.close(goingAway, 'The server stops')
    },
    terminate() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
    },
  }

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (!isAllowedOrigin(request, origins)) {
      stream.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket))
  }

  function serve(socket: WebSocket): void {
    alive.add(socket)
    const send = (text: string) => sendOrDrop(socket, text)
    const subscriptions = new Subscriptions(execution, {
      send,
      most: limits.subscriptionsPerConnection,
    })
    const gone = new AbortController()
    const caller: Caller = { subscriptions, gone: () => gone.signal }
    let running = 0
    socket.on('pong', () => alive.add(socket))
    socket.on('error', (error) => logger.debug({ error }, 'A WebSocket failed'))
    socket.on('close', () => {
      subscriptions[Symbol.dispose]()
      gone.abort(clientWentAway())
    })
    socket.on('message', (data) => {
      if (++running >= limits.webSocketRequests) socket.pause()
      inFlight
        .track(answer(data))
        .catch((error) => logger.debug({ error }, 'A message was not answered'))
        .finally(() => {
          if (--running < limits.webSocketRequests && socket.isPaused) socket.resume()
        })
    })

    async function answer(data: RawData): Promise<void> {
      const text = inFlight.isFull
        ? dispatcher.refuse(inFlight.fullError())
        : await dispatcher.answer(data.toString(), caller)
      if (text !== null) send(text)
      subscriptions.release()
    }
  }

  /** A reader that does not keep up is dropped: what it has not read would fill the memory. */
  function sendOrDrop(socket: WebSocket, text: string): void {
    if (socket.readyState !== WebSocket.OPEN) return
    if (socket.bufferedAmount > limits.webSocketBacklogBytes) {
      logger.warn(
        { backlogBytes: socket.bufferedAmount },
        'Dropped a WebSocket that reads too slowly',
      )
      socket.close(policyViolation, 'reads too slowly')
      socket.terminate()
      return
    }
    socket.send(text)
  }

  function pingAll(): void {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) {
        logger.debug({}, 'Dropped a WebSocket that does not answer pings')
        socket.terminate()
      } else socket.ping()
    }
  }
}
