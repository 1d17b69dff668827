import type { ExecResult } from '@ethereumjs/evm'
import { EVMError } from '@ethereumjs/evm'
import { CodedError, type Hex } from '@quoin/kernel'
import type { CallResult } from '../interface.ts'

/** What running a message gave. */
export interface Outcome {
  gasUsed: bigint
  /** Before refunds. */
  maxUsedGas: bigint
  returnData: Uint8Array
  failure: CallResult['failure']
  logs: { address: Hex; topics: Hex[]; data: Hex }[]
  createdAddress: Hex | null
}

/** A transaction that cannot be in a block in this state: geth's words. */
export function invalidTransaction(message: string): CodedError<'INVALID_TRANSACTION'> {
  return new CodedError('INVALID_TRANSACTION', message)
}

const messages = EVMError.errorMessages

/** geth's words for what ended a message. */
const gethWords: Partial<Record<string, string>> = {
  [messages.OUT_OF_GAS]: 'out of gas',
  [messages.CODESTORE_OUT_OF_GAS]: 'contract creation code storage out of gas',
  [messages.CODESIZE_EXCEEDS_MAXIMUM]: 'max code size exceeded',
  [messages.STACK_UNDERFLOW]: 'stack underflow',
  [messages.STACK_OVERFLOW]: 'stack limit reached 1024 (1023)',
  [messages.INVALID_OPCODE]: 'invalid opcode',
  [messages.OUT_OF_RANGE]: 'gas uint64 overflow',
  [messages.REVERT]: 'execution reverted',
  [messages.STATIC_STATE_CHANGE]: 'write protection',
  [messages.CREATE_COLLISION]: 'contract address collision',
  [messages.INSUFFICIENT_BALANCE]: 'insufficient balance for transfer',
  [messages.INVALID_BYTECODE_RESULT]: 'invalid code: must not begin with 0xef',
  [messages.INITCODE_SIZE_VIOLATION]: 'max initcode size exceeded',
}

export function failureOf(result: ExecResult): CallResult['failure'] {
  const error = result.exceptionError?.error
  if (error === undefined) return null
  const message = error.startsWith(messages.INVALID_JUMP)
    ? 'invalid jump destination'
    : (gethWords[error] ?? error)
  if (error === messages.REVERT) return { kind: 'revert', message }
  if (error === messages.OUT_OF_GAS) return { kind: 'out of gas', message }
  return { kind: 'fault', message: withOpcode(message, error, result) }
}

function withOpcode(message: string, error: string, result: ExecResult): string {
  const { runState } = result
  if (error !== messages.INVALID_OPCODE || runState === undefined) return message
  const code = runState.code[runState.programCounter]
  if (code === undefined) return message
  const name = code === 0xfe ? 'INVALID' : `opcode 0x${code.toString(16)} not defined`
  return `invalid opcode: ${name}`
}
