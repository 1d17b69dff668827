import { CodedError, findCause } from '@quoin/kernel'
import { HttpRequestError, RpcRequestError, TimeoutError, WebSocketRequestError } from 'viem'
import { type LedgerError, ledgerError } from './errors.ts'
import { describeRevert, findRevertData } from './revert.ts'

/** Turns what viem throws into an error that a caller can act on; coded errors pass unchanged. */
export function toLedgerError(error: unknown, doing: string): LedgerError {
  if (error instanceof CodedError) return error as LedgerError
  if (isUnreachable(error))
    return ledgerError(
      'RPC_UNREACHABLE',
      `Could not reach the chain to ${doing}: check the RPC address and that the node runs`,
      { cause: error },
    )
  const data = findRevertData(error)
  const message = rpcMessage(error)
  if (data !== null || /revert/i.test(message)) {
    const revert = describeRevert(data ?? '0x')
    const hint = revert.hint === '' ? '' : `: ${revert.hint}`
    return ledgerError('CALL_REVERTED', `The chain refused to ${doing}, ${revert.text}${hint}`, {
      detail: { error: revert.error, data },
      cause: error,
    })
  }
  if (/insufficient funds/i.test(message))
    return ledgerError(
      'INSUFFICIENT_FUNDS',
      `The sending account cannot pay the gas to ${doing}: give it native coins`,
      { cause: error },
    )
  return ledgerError('RPC_REFUSED', `The chain refused to ${doing}: ${message}`, { cause: error })
}

/** Whether nobody answered, so that what was sent may or may not have arrived. */
export function isUnreachable(error: unknown): boolean {
  const unanswered = findCause(
    error,
    (cause) =>
      cause instanceof HttpRequestError ||
      cause instanceof WebSocketRequestError ||
      cause instanceof TimeoutError ||
      cause.name === 'SocketClosedError',
  )
  return unanswered !== undefined
}

/** The node's own words, without what viem puts round them. */
export function rpcMessage(error: unknown): string {
  const request = findCause(error, (cause) => cause instanceof RpcRequestError)
  if (request instanceof RpcRequestError) return request.details
  return error instanceof Error ? error.message : String(error)
}
