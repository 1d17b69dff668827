import type { FastifyReply } from 'fastify'
import type { Connection, ResponseStream } from '../operation.ts'

/** The response side of a Fastify request. A reader that takes nothing for `stalledReaderMs` is cut off. */
export function createConnection(reply: FastifyReply, stalledReaderMs: number): Connection {
  const response = reply.raw
  return {
    onGone(listener) {
      if (response.destroyed) listener()
      else
        response.once('close', () => {
          if (!response.writableEnded) listener()
        })
    },
    stream(status, headers) {
      reply.hijack()
      response.writeHead(status, { ...headers, ...definedHeaders(reply) })
      response.flushHeaders()
      return createStream(response, stalledReaderMs)
    },
  }
}

function createStream(response: FastifyReply['raw'], stalledReaderMs: number): ResponseStream {
  return {
    async write(piece) {
      if (response.destroyed || response.write(piece)) return
      await roomToWrite(response, stalledReaderMs)
    },
    end: () => response.end(),
    cut: () => response.destroy(),
  }
}

/** Resolves on drain or close; a stalled reader is closed. */
function roomToWrite(response: FastifyReply['raw'], stalledReaderMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(() => response.destroy(), stalledReaderMs)
  const done = () => {
    clearTimeout(timer)
    response.off('drain', done)
    response.off('close', done)
    resolve()
  }
  response.on('drain', done)
  response.on('close', done)
  return promise
}

function definedHeaders(reply: FastifyReply): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value : String(value)
  return headers
}
