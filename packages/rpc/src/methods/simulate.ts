import type { SimulatedBlock, SimulatedCall } from '@quoin/execution'
import { bigintToHex, CodedError } from '@quoin/kernel'
import { revertMessage } from '../calls/revert.ts'
import { NumberedError } from '../errors.ts'
import { blockToJson } from '../format/block.ts'
import { logToJson } from '../format/receipt.ts'
import { latest, parseBlockReference } from '../params/block-reference.ts'
import { parseSimulation } from '../params/simulation.ts'
import { optional, required } from '../params/values.ts'
import { type MethodContext, type MethodTable, method } from './context.ts'
import { requireHeader } from './locate-block.ts'

const revertedNumber = 3
const faultNumber = -32015

/** Numbers of ethereum/execution-apis for what stops a simulation. */
const codeNumbers: Readonly<Record<string, number>> = {
  BLOCK_GAS_LIMIT: -38015,
  BLOCK_NUMBER_ORDER: -38020,
  BLOCK_TIME_ORDER: -38021,
  PRECOMPILE_TO_ITSELF: -38022,
  PRECOMPILE_TARGET_OVERRIDDEN: -38023,
  TOO_MANY_BLOCKS: -38026,
}

/** The same for transactions that cannot be in a block, by the beginning of the message. */
const messageNumbers: readonly (readonly [RegExp, number])[] = [
  [/^nonce too low/, -38010],
  [/^nonce too high/, -38011],
  [/^max fee per gas less than/, -38012],
  [/^(intrinsic gas too low|insufficient gas for floor)/, -38013],
  [/^insufficient funds/, -38014],
  [/^max initcode size/, -38025],
  [/^max priority fee per gas higher/, -32602],
]
const otherwiseInvalid = -32603

/** Blocks of messages over one state that changes from one to the next. */
export const simulateMethods: MethodTable = {
  eth_simulateV1: method(2, simulate),
}

async function simulate(params: readonly unknown[], context: MethodContext) {
  const { execution, limits, signal } = context
  const { simulation, returnFullTransactions } = required(params, 0, parseSimulation)
  const { hash } = await requireHeader(execution, optional(params, 1, parseBlockReference, latest))
  try {
    const blocks = await execution.simulate(
      { ...simulation, gasCap: limits.callGas },
      { blockHash: hash, signal },
    )
    return blocks.map((block) => simulatedBlockToJson(block, returnFullTransactions))
  } catch (error) {
    throw numbered(error)
  }
}

function numbered(error: unknown): unknown {
  if (!(error instanceof CodedError)) return error
  const number = codeNumbers[error.code]
  if (number !== undefined) return new NumberedError(number, error.message)
  if (error.code !== 'INVALID_TRANSACTION') return error
  const known = messageNumbers.find(([pattern]) => pattern.test(error.message))
  return new NumberedError(known?.[1] ?? otherwiseInvalid, `err: ${error.message}`)
}

function simulatedBlockToJson({ block, calls }: SimulatedBlock, full: boolean) {
  const { header, transactions } = block
  return {
    ...blockToJson(block, full),
    calls: calls.map((call, transactionIndex) => ({
      returnData: call.failure ? '0x' : call.returnData,
      logs: call.logs.map((log) =>
        logToJson(log, {
          header,
          transactionHash: transactions[transactionIndex]?.hash ?? '0x',
          transactionIndex,
        }),
      ),
      gasUsed: bigintToHex(call.gasUsed),
      maxUsedGas: bigintToHex(call.maxUsedGas),
      status: call.failure ? '0x0' : '0x1',
      ...(call.failure ? { error: failureToJson(call) } : {}),
    })),
  }
}

function failureToJson({ failure, returnData }: SimulatedCall) {
  if (failure?.kind === 'revert')
    return { code: revertedNumber, message: revertMessage(returnData), data: returnData }
  return { code: faultNumber, message: failure?.message ?? '' }
}
