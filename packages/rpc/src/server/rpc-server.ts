import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Execution } from '@quoin/execution'
import { CodedError, type Logger, silentLogger } from '@quoin/kernel'
import { serverError } from '../errors.ts'
import { FilterStore } from '../filters/filter-store.ts'
import type { MethodTable } from '../methods/context.ts'
import { methodTable } from '../methods/table.ts'
import type { AllowedOrigins } from './cors.ts'
import { createDispatcher } from './dispatch.ts'
import { createHttpTransport } from './http-transport.ts'
import { InFlight } from './in-flight.ts'
import { defaultRpcLimits, type RpcLimits } from './limits.ts'
import type { Caller } from './request-context.ts'
import { createWebSocketTransport } from './ws-transport.ts'

export interface RpcServerOptions {
  execution: Execution
  host: string
  /** 0 takes a free one. */
  port: number
  /** Web pages that may connect; all by default: the server signs nothing. */
  origins?: AllowedOrigins
  limits?: Partial<RpcLimits>
  /** Answer of web3_clientVersion. */
  clientVersion?: string
  logger?: Logger
  methods?: MethodTable
  /** Says why a request may not be answered, or null. For servers that ask for a token. */
  refusal?: (request: IncomingMessage) => string | null
}

export interface RpcServer extends AsyncDisposable {
  readonly url: string
  readonly webSocketUrl: string
  readonly port: number
  status(): RpcServerStatus
  /** Answers a JSON-RPC text of this process itself, as a client over HTTP would get it. */
  answer(body: string): Promise<string | null>
}

export interface RpcServerStatus {
  /** Requests being answered now. */
  requests: number
  webSockets: number
}

export type RpcServerErrorCode = 'PORT_IN_USE' | 'LISTEN_FAILED'

/**
 * Serves Ethereum's JSON-RPC on an execution, over HTTP and WebSocket on one port. Disposing stops
 * it: answers under way are waited for, within limits.stopMs.
 * @throws CodedError PORT_IN_USE, LISTEN_FAILED
 */
export async function createRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { host, logger = silentLogger } = options
  const parts = assemble(options)
  const { server, inFlight, webSockets, dispatcher } = parts
  try {
    await listen(server, options)
  } catch (error) {
    parts.release()
    throw error
  }
  const port = boundPort(server)
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  logger.info({ host, port }, 'JSON-RPC is served')
  return {
    url: `http://${authority}`,
    webSocketUrl: `ws://${authority}`,
    port,
    status: () => ({ requests: inFlight.count, webSockets: webSockets?.count ?? 0 }),
    answer: (body) => inFlight.track(dispatcher.answer(body, ownProcess)),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      await inFlight.drained(parts.limits.stopMs)
      parts.release()
      server.closeIdleConnections()
      webSockets?.terminate()
      server.closeAllConnections()
      await closed
    },
  }
}

/** The server and what belongs to it, before it listens. */
function assemble(options: RpcServerOptions) {
  const { execution, origins = '*', logger = silentLogger, refusal } = options
  const limits = { ...defaultRpcLimits, ...options.limits }
  const stop = new AbortController()
  const filters = new FilterStore(execution, {
    maxFilters: limits.filters,
    maxChanges: limits.filterChanges,
    idleMs: limits.filterIdleMs,
    logger,
  })
  const dispatcher = createDispatcher(options.methods ?? methodTable, {
    execution,
    limits,
    filters,
    clientVersion: options.clientVersion ?? 'quoin/0.1.0',
    logger,
    stopping: stop.signal,
  })
  const inFlight = new InFlight(limits.concurrentRequests)
  const { bodyBytes } = limits
  const transport = { dispatcher, inFlight, origins, bodyBytes, logger }
  const server = createServer(
    {
      requestTimeout: limits.receiveMs,
      headersTimeout: limits.receiveMs,
      keepAliveTimeout: 65_000,
      noDelay: true,
    },
    createHttpTransport(refusal ? { ...transport, refusal } : transport),
  )
  server.maxConnections = limits.connections
  const webSockets = refusal
    ? null
    : createWebSocketTransport({ server, dispatcher, execution, inFlight, origins, limits, logger })
  const release = () => {
    stop.abort(serverError('the server stops'))
    webSockets?.close()
    filters[Symbol.dispose]()
  }
  return { server, inFlight, webSockets, dispatcher, limits, release }
}

/** Without subscriptions, as over HTTP, and never gone. */
const ownProcess: Caller = { subscriptions: null, gone: () => new AbortController().signal }

function listen(server: Server, { host, port }: RpcServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE'
      const problem = inUse
        ? 'the port is in use: stop what listens there or choose another port'
        : cause.message
      reject(
        new CodedError<RpcServerErrorCode>(
          inUse ? 'PORT_IN_USE' : 'LISTEN_FAILED',
          `JSON-RPC cannot listen on ${host}:${port}: ${problem}`,
          { cause, detail: { host, port } },
        ),
      )
    })
    server.listen(port, host, resolve)
  })
}

function boundPort(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
