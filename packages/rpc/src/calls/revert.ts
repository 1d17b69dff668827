import type { CallResult } from '@quoin/execution'
import type { Hex } from '@quoin/kernel'
import { rpcError, serverError } from '../errors.ts'

const errorSelector = '0x08c379a0'
const panicSelector = '0x4e487b71'

const panics: Readonly<Record<string, string>> = {
  '0x0': 'generic panic',
  '0x1': 'assert(false)',
  '0x11': 'arithmetic underflow or overflow',
  '0x12': 'division or modulo by zero',
  '0x21': 'enum overflow',
  '0x22': 'invalid encoded storage byte array accessed',
  '0x31': 'out-of-bounds array access; popping on an empty array',
  '0x32': 'out-of-bounds access of an array or bytesN',
  '0x41': 'out of memory',
  '0x51': 'uninitialized function',
}

/** The text of Solidity's Error(string) or Panic(uint256), null for other data. */
export function revertReason(data: Hex): string | null {
  if (data.startsWith(errorSelector)) return abiString(Buffer.from(data.slice(10), 'hex'))
  if (!data.startsWith(panicSelector) || data.length !== 74) return null
  const code = BigInt(`0x${data.slice(10)}`)
  return panics[`0x${code.toString(16)}`] ?? `unknown panic code: 0x${code.toString(16)}`
}

function abiString(words: Buffer): string | null {
  const offset = smallWord(words, 0)
  const length = offset === null ? null : smallWord(words, offset)
  if (offset === null || length === null || offset + 32 + length > words.length) return null
  return words.toString('utf8', offset + 32, offset + 32 + length)
}

function smallWord(words: Buffer, offset: number): number | null {
  if (offset + 32 > words.length) return null
  const value = BigInt(`0x${words.toString('hex', offset, offset + 32)}`)
  return value < BigInt(words.length) ? Number(value) : null
}

/** geth's text for a revert: with the reason where there is one. */
export function revertMessage(data: Hex): string {
  const reason = revertReason(data)
  return reason === null ? 'execution reverted' : `execution reverted: ${reason}`
}

/** The error that a failed call is answered with: code 3 and the data for a revert, else -32000. */
export function failureToError({ failure, returnData }: CallResult) {
  if (failure?.kind === 'revert')
    return rpcError('EXECUTION_REVERTED', revertMessage(returnData), returnData)
  return serverError(failure?.message ?? 'execution failed')
}

/** The same in one line, for answers that carry a failure as a member (access lists, traces). */
export function failureText({ failure, returnData }: CallResult): string {
  return failure?.kind === 'revert' ? revertMessage(returnData) : (failure?.message ?? '')
}
