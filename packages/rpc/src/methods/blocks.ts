import { bigintToHex } from '@quoin/kernel'
import { blockToJson, headerToJson } from '../format/block.ts'
import { receiptToJson } from '../format/receipt.ts'
import {
  type BlockReference,
  parseBlockNumber,
  parseBlockReference,
} from '../params/block-reference.ts'
import {
  optional,
  type Parser,
  parseBoolean,
  parseHash,
  parseUint64,
  required,
} from '../params/values.ts'
import { type Method, type MethodTable, method } from './context.ts'
import { findBlock, findHeader, requireReceipts } from './locate-block.ts'

const byHash: Parser<BlockReference> = (value, index) => ({
  by: 'hash',
  hash: parseHash(value, index),
  requireCanonical: false,
})

/** Blocks, their parts and their receipts. Unknown blocks are null. */
export const blockMethods: MethodTable = {
  eth_blockNumber: method(0, (_, { execution }) => bigintToHex(execution.blocks.head.number)),
  eth_getBlockByHash: getBlock(byHash),
  eth_getBlockByNumber: getBlock(parseBlockNumber),
  eth_getHeaderByHash: getHeader(byHash),
  eth_getHeaderByNumber: getHeader(parseBlockNumber),
  eth_getBlockTransactionCountByHash: transactionCount(byHash),
  eth_getBlockTransactionCountByNumber: transactionCount(parseBlockNumber),
  eth_getUncleCountByBlockHash: uncleCount(byHash),
  eth_getUncleCountByBlockNumber: uncleCount(parseBlockNumber),
  eth_getUncleByBlockHashAndIndex: getUncle(byHash),
  eth_getUncleByBlockNumberAndIndex: getUncle(parseBlockNumber),
  eth_getBlockReceipts: method(1, async (params, { execution }) => {
    const header = await findHeader(execution, required(params, 0, parseBlockReference))
    if (!header) return null
    const receipts = await requireReceipts(execution, header)
    return receipts.map((receipt) => receiptToJson(receipt, header))
  }),
}

function getBlock(parse: Parser<BlockReference>): Method {
  return method(2, async (params, { execution }) => {
    const block = await findBlock(execution, required(params, 0, parse))
    return block && blockToJson(block, optional(params, 1, parseBoolean, false))
  })
}

function getHeader(parse: Parser<BlockReference>): Method {
  return method(1, async (params, { execution }) => {
    const header = await findHeader(execution, required(params, 0, parse))
    return header && headerToJson(header)
  })
}

function transactionCount(parse: Parser<BlockReference>): Method {
  return method(1, async (params, { execution }) => {
    const block = await findBlock(execution, required(params, 0, parse))
    return block && bigintToHex(block.transactions.length)
  })
}

function uncleCount(parse: Parser<BlockReference>): Method {
  return method(1, async (params, { execution }) => {
    const block = await findBlock(execution, required(params, 0, parse))
    return block && bigintToHex(block.uncles.length)
  })
}

/** Bodies of uncles are not kept: a proof-of-stake chain has none. */
function getUncle(parse: Parser<BlockReference>): Method {
  return method(2, (params) => {
    required(params, 0, parse)
    required(params, 1, parseUint64)
    return null
  })
}
