import { CodedError } from '@quoin/kernel'

/** What can go wrong with a request, apart from the pool's and the execution's own codes. */
export type RpcErrorCode =
  | 'PARSE_ERROR'
  | 'INVALID_REQUEST'
  | 'METHOD_NOT_FOUND'
  | 'INVALID_PARAMS'
  | 'INTERNAL'
  | 'SERVER'
  | 'EXECUTION_REVERTED'
  | 'TIMEOUT'
  | 'RESPONSE_TOO_LARGE'
  | 'LIMIT_EXCEEDED'
  | 'TRANSACTION_WAIT_TIMEOUT'

/** JSON-RPC's numbers; those outside the -32768..-32600 range are geth's and EIP-1474's. */
const errorNumbers: Readonly<Record<RpcErrorCode, number>> = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  SERVER: -32000,
  EXECUTION_REVERTED: 3,
  TIMEOUT: -32002,
  RESPONSE_TOO_LARGE: -32003,
  LIMIT_EXCEEDED: -32005,
  TRANSACTION_WAIT_TIMEOUT: 4,
}

/** The `error` member of a response. */
export interface ErrorJson {
  code: number
  message: string
  data?: unknown
}

/** A failure of a method whose number on the wire is a standard's own (eth_simulateV1's -380xx). */
export class NumberedError extends Error {
  readonly number: number

  constructor(number: number, message: string) {
    super(message)
    this.name = 'NumberedError'
    this.number = number
  }
}

export function rpcError(code: RpcErrorCode, message: string, data?: string) {
  return new CodedError<RpcErrorCode>(code, message, data === undefined ? {} : { detail: { data } })
}

/** EIP-4444's answer for what was there once and is no longer kept, or never was brought. */
export const historyUnavailable = (what: string) =>
  new NumberedError(4444, `pruned history unavailable: ${what}`)

/** Why work stops that nobody waits for any more. */
export const clientWentAway = () => rpcError('SERVER', 'the client went away')
export const serverError = (message: string) => rpcError('SERVER', message)
export const invalidParams = (message: string) => rpcError('INVALID_PARAMS', message)
export const invalidArgument = (index: number, problem: string) =>
  invalidParams(`invalid argument ${index}: ${problem}`)

/**
 * The error as the wire carries it. Refusals of the pool and of the execution keep their message
 * under -32000, as geth does; anything that is not a CodedError is a bug and its text stays inside.
 */
export function errorToJson(error: unknown): ErrorJson {
  if (error instanceof NumberedError) return { code: error.number, message: error.message }
  if (!(error instanceof CodedError))
    return { code: errorNumbers.INTERNAL, message: 'internal error' }
  const code = isRpcErrorCode(error.code) ? errorNumbers[error.code] : errorNumbers.SERVER
  const data = error.detail.data
  return data === undefined
    ? { code, message: error.message }
    : { code, message: error.message, data }
}

/** True for failures that say something about this program rather than about the request. */
export function isBug(error: unknown): boolean {
  return !(error instanceof CodedError || error instanceof NumberedError)
}

function isRpcErrorCode(code: string): code is RpcErrorCode {
  return Object.hasOwn(errorNumbers, code)
}
