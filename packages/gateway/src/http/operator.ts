import { createHash, timingSafeEqual } from 'node:crypto'
import { gatewayError } from '../errors.ts'

const loopback = /^(?:127\.|::1$|::ffff:127\.)/

/**
 * Lets the node's operator through: from this machine, with the token.
 * @throws CodedError `NOT_LOCAL` or `TOKEN_WRONG`
 */
export function checkOperator(
  token: string | null,
  remoteAddress: string | undefined,
  authorization: string | undefined,
): void {
  if (remoteAddress === undefined || !loopback.test(remoteAddress))
    throw gatewayError('NOT_LOCAL', 'Operator calls are taken from this machine only')
  if (token === null)
    throw gatewayError('TOKEN_WRONG', 'This gateway was started without an operator token')
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
  if (given === undefined || !isEqual(given, token))
    throw gatewayError('TOKEN_WRONG', 'Send the operator token as Authorization: Bearer …')
}

function isEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
