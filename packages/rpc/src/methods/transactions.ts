import type { Execution } from '@quoin/execution'
import type { Hex } from '@quoin/kernel'
import { rpcError, serverError } from '../errors.ts'
import { receiptToJson } from '../format/receipt.ts'
import { transactionToJson } from '../format/transaction.ts'
import { type BlockReference, parseBlockNumber } from '../params/block-reference.ts'
import {
  optional,
  type Parser,
  parseCount,
  parseData,
  parseHash,
  parseUint64,
  required,
} from '../params/values.ts'
import { type Method, type MethodContext, type MethodTable, method } from './context.ts'
import { findBlock, requireReceipts } from './locate-block.ts'

/** Transactions: sending them, and finding them and their receipts. */
export const transactionMethods: MethodTable = {
  eth_sendRawTransaction: method(1, (params, { execution }) =>
    execution.pool.add(fromHex(required(params, 0, parseData))),
  ),
  eth_sendRawTransactionSync: method(2, sendAndWait),
  eth_getTransactionByHash: method(1, async (params, { execution }) => {
    const hash = required(params, 0, parseHash)
    const place = await execution.blocks.locate(hash)
    const mined = place?.block.transactions[place.index]
    if (place && mined)
      return transactionToJson(mined, { header: place.block.header, index: place.index })
    const pooled = execution.pool.get(hash)
    return pooled && transactionToJson(pooled, null)
  }),
  eth_getTransactionByBlockHashAndIndex: byIndex(byHash),
  eth_getTransactionByBlockNumberAndIndex: byIndex(parseBlockNumber),
  eth_getRawTransactionByHash: method(1, (params, { execution }) =>
    rawTransaction(execution, required(params, 0, parseHash)),
  ),
  eth_getTransactionReceipt: method(1, (params, { execution }) =>
    findReceipt(execution, required(params, 0, parseHash)),
  ),
}

function byHash(value: unknown, index: number): BlockReference {
  return { by: 'hash', hash: parseHash(value, index), requireCanonical: false }
}

function byIndex(parse: Parser<BlockReference>): Method {
  return method(2, async (params, { execution }) => {
    const index = Number(required(params, 1, parseUint64))
    const block = await findBlock(execution, required(params, 0, parse))
    const transaction = block?.transactions[index]
    return block && transaction
      ? transactionToJson(transaction, { header: block.header, index })
      : null
  })
}

/** The EIP-2718 encoding of a mined or waiting transaction; null when unknown. */
export async function rawTransaction(execution: Execution, hash: Hex): Promise<Hex | null> {
  const place = await execution.blocks.locate(hash)
  return place?.block.transactions[place.index]?.raw ?? execution.pool.get(hash)?.raw ?? null
}

async function findReceipt(execution: Execution, hash: Hex) {
  const place = await execution.blocks.locate(hash)
  if (!place) return null
  const { header } = place.block
  const receipt = (await requireReceipts(execution, header))[place.index]
  if (!receipt) throw serverError(`the receipts of block ${header.number} are missing`)
  return receiptToJson(receipt, header)
}

/** EIP-7966: send, then answer with the receipt, or with error 4 and the hash when time is up. */
async function sendAndWait(params: readonly unknown[], context: MethodContext) {
  const { execution, limits, signal } = context
  const raw = fromHex(required(params, 0, parseData))
  const timeoutMs = Math.min(
    optional(params, 1, parseCount, limits.transactionWaitMs),
    limits.transactionWaitMs,
  )
  const mined = Promise.withResolvers<void>()
  let sent: Hex | null = null
  const stop = execution.onHead(({ added }) => {
    if (added.some(({ block }) => block.transactions.some(({ hash }) => hash === sent)))
      mined.resolve()
  })
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  timeout.addEventListener('abort', () => mined.resolve(), { once: true })
  try {
    const hash = await execution.pool.add(raw)
    sent = hash
    const early = await findReceipt(execution, hash)
    if (early) return early
    await mined.promise
    const receipt = await findReceipt(execution, hash)
    if (receipt) return receipt
    throw rpcError(
      'TRANSACTION_WAIT_TIMEOUT',
      `The transaction was added to the pool but was not mined within ${timeoutMs} ms`,
      hash,
    )
  } finally {
    stop()
  }
}

function fromHex(data: Hex): Uint8Array {
  return Buffer.from(data.slice(2), 'hex')
}
