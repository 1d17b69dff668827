import { randomUUID } from 'node:crypto'

const safe = /^[\w.:-]{1,100}$/

/** The client's own id where it is harmless in logs and headers, otherwise a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  if (typeof given === 'string' && safe.test(given)) return given
  return `req_${randomUUID()}`
}

const traceparent = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/

/** The trace id of a W3C traceparent header (https://www.w3.org/TR/trace-context). */
export function traceIdOf(header: string | string[] | undefined): string | undefined {
  const traceId = typeof header === 'string' ? traceparent.exec(header)?.[1] : undefined
  return traceId === undefined || /^0+$/.test(traceId) ? undefined : traceId
}
