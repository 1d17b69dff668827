import type { Logger } from '@quoin/kernel'
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import { type ErrorShape, errorToHttp, gatewayError, isUnexpected } from '../errors.ts'
import type { GatewayLimits } from '../limits.ts'
import type { GatewayMetrics } from '../node/metrics.ts'
import type { Answer, Exchange, Route } from '../operation.ts'
import { createConnection } from './connection.ts'
import { registerCors } from './cors.ts'
import { checkOperator } from './operator.ts'
import { requestIdOf, traceIdOf } from './request-id.ts'
import { answerClientError } from './socket-errors.ts'

export interface ServerOptions {
  routes: Route[]
  limits: GatewayLimits
  metrics: GatewayMetrics
  logger: Logger
  /** What operator routes ask for; null keeps them closed. */
  operatorToken: string | null
}

/** The HTTP server: routes, limits, error shapes, request ids, logs and metrics; no knowledge of what is served. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { limits } = options
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    http: { maxHeaderSize: limits.headerBytes },
    forceCloseConnections: 'idle',
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 256 },
  })
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendError(options, reply, fromFastify(error, limits), shapeOf(request.url)),
  )
  app.setNotFoundHandler((request, reply) => {
    const what = `There is no ${request.method} ${request.url.split('?')[0]?.slice(0, 100)}; GET /openapi.json lists what there is`
    return sendError(options, reply, gatewayError('ROUTE_NOT_FOUND', what), shapeOf(request.url))
  })
  registerHooks(app, options)
  registerCors(app)
  for (const route of options.routes) registerRoute(app, options, route)
  return app
}

function registerHooks(app: FastifyInstance, { metrics, logger }: ServerOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { method, id: requestId } = request
    const sample = {
      route: request.routeOptions.url ?? 'unknown',
      method,
      status: reply.raw.statusCode,
      seconds: reply.elapsedTime / 1000,
    }
    metrics.request(sample)
    const traceId = traceIdOf(request.headers.traceparent)
    logger.debug({ ...sample, requestId, traceId }, 'request answered')
    done()
  })
}

function registerRoute(app: FastifyInstance, options: ServerOptions, route: Route): void {
  const { method, path, errors = 'openai', access } = route.operation
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const exchange: Exchange = {
        requestId: request.id,
        headers: request.headers,
        url: `${request.protocol}://${request.host}${request.url.split('?')[0]}`,
        connection: createConnection(reply, options.limits.stalledReaderMs),
      }
      try {
        if (access === 'operator')
          checkOperator(
            options.operatorToken,
            request.socket.remoteAddress,
            request.headers.authorization,
          )
        const { params, query, body } = request
        return send(reply, await route.answer({ params, query, body }, exchange))
      } catch (error) {
        return sendError(options, reply, error, errors)
      }
    },
  })
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.kind === 'streamed') return reply
  reply.code(answer.status ?? 200)
  if (answer.headers) setHeaders(reply, answer.headers)
  if (answer.kind === 'json')
    return reply.type('application/json').send(JSON.stringify(answer.body))
  return reply.send(answer.body)
}

/** What pages may read is decided in one place: not by who made the answer. */
function setHeaders(reply: FastifyReply, headers: Record<string, string>): void {
  const { 'access-control-expose-headers': _, ...own } = headers
  reply.headers(own)
}

function sendError(
  { logger }: ServerOptions,
  reply: FastifyReply,
  error: unknown,
  shape: ErrorShape,
): FastifyReply {
  const { status, headers, body } = errorToHttp(error, shape)
  const requestId = reply.request.id
  if (isUnexpected(error)) logger.error({ error, requestId, status }, 'a request failed')
  else logger.debug({ error, requestId, status }, 'a request was refused')
  return reply.code(status).headers(headers).type('application/json').send(JSON.stringify(body))
}

function shapeOf(url: string): ErrorShape {
  return url.startsWith('/v2/') ? 'inference' : 'openai'
}

/** Fastify's own refusals, in our codes. */
function fromFastify(error: FastifyError, limits: GatewayLimits): unknown {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return gatewayError('BODY_TOO_LARGE', `The body is over ${limits.bodyBytes} bytes`)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return gatewayError('MEDIA_TYPE_UNSUPPORTED', 'Send the body as application/json')
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return gatewayError('JSON_MALFORMED', 'The body is empty; a JSON object is expected')
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return gatewayError('JSON_MALFORMED', 'The body is not JSON', { cause: error })
    default:
      return error.statusCode !== undefined && error.statusCode < 500
        ? gatewayError('REQUEST_INVALID', error.message, { cause: error })
        : error
  }
}
