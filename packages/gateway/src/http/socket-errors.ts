import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { errorToHttp, gatewayError } from '../errors.ts'

/** What Node's HTTP parser refuses before there is a request, answered as JSON like everything else. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const { status, body } = errorToHttp(describe(error), 'openai')
  const text = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}

function describe(error: NodeJS.ErrnoException): unknown {
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return gatewayError('HEADERS_TOO_LARGE', 'The request headers are too large')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return gatewayError('REQUEST_TIMED_OUT', 'The request did not arrive in time')
  return gatewayError('REQUEST_INVALID', 'This is not an HTTP request')
}
