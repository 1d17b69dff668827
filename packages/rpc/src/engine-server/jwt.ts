import { createHmac, timingSafeEqual } from 'node:crypto'
import { isObject } from '../params/values.ts'

const maxClockSkewSeconds = 60

/**
 * Says why a request's token is not good, or null when it is: HS256 with the shared secret, issued
 * within 60 s of now (Engine API, authentication.md).
 * @param authorization the header's value: `Bearer TOKEN`
 */
export function tokenProblem(
  authorization: string | undefined,
  { secret, nowMs }: { secret: Uint8Array; nowMs: number },
): string | null {
  const [scheme, token, ...rest] = (authorization ?? '').split(' ')
  if (scheme !== 'Bearer' || !token || rest.length > 0) return 'missing token'
  const [header, claims, signature, ...more] = token.split('.')
  if (!header || !claims || !signature || more.length > 0) return 'malformed token'
  if (decodePart(header)?.alg !== 'HS256') return 'token algorithm is not HS256'
  const wanted = createHmac('sha256', secret).update(`${header}.${claims}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return 'invalid token signature'
  const issuedAt = decodePart(claims)?.iat
  if (typeof issuedAt !== 'number') return 'missing issued-at'
  return Math.abs(nowMs / 1000 - issuedAt) > maxClockSkewSeconds ? 'stale token' : null
}

function decodePart(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
