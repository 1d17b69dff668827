import type { IncomingMessage } from 'node:http'

/** Which web pages may use the server from a browser: all ('*'), or these origins. */
export type AllowedOrigins = '*' | readonly string[]

/** True when the request does not come from a foreign web page. Programs send no Origin. */
export function isAllowedOrigin(request: IncomingMessage, allowed: AllowedOrigins): boolean {
  const { origin } = request.headers
  return origin === undefined || allowed === '*' || allowed.includes(origin)
}

/** Headers that let an allowed page read the answer (Fetch standard, CORS protocol). */
export function corsHeaders(
  request: IncomingMessage,
  allowed: AllowedOrigins,
): Record<string, string> {
  const { origin } = request.headers
  if (origin === undefined || !isAllowedOrigin(request, allowed)) return {}
  return {
    'access-control-allow-origin': allowed === '*' ? '*' : origin,
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'content-type, authorization',
    'access-control-allow-private-network': 'true',
    'access-control-max-age': '600',
    vary: 'origin',
  }
}
