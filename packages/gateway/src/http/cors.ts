import { headerNames } from '@quoin/protocol'
import type { FastifyInstance } from 'fastify'

const exposed = [
  headerNames.paymentRequired,
  headerNames.paymentResponse,
  headerNames.receipt,
  'X-Request-Id',
  'Retry-After',
].join(', ')

/**
 * Any web page may call and pay: the gateway has no cookies, so an origin tells it nothing. Operator
 * routes are guarded by their bearer token, which no page has.
 */
export function registerCors(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers.origin !== undefined) {
      reply.header('access-control-allow-origin', '*')
      reply.header('access-control-expose-headers', exposed)
    }
    done()
  })
  app.options('/*', (request, reply) => {
    const asked = request.headers['access-control-request-headers']
    return reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', asked ?? 'content-type, authorization')
      .header('access-control-max-age', '86400')
      .send()
  })
}
