import type { Block, Header } from '@quoin/execution'
import { bigintToHex } from '@quoin/kernel'
import { transactionToJson } from './transaction.ts'

/** A header as eth_subscribe("newHeads") sends it. */
export function headerToJson(header: Header) {
  return {
    ...optionalQuantity('baseFeePerGas', header.baseFeePerGas),
    ...optionalQuantity('blobGasUsed', header.blobGasUsed),
    difficulty: bigintToHex(header.difficulty),
    ...optionalQuantity('excessBlobGas', header.excessBlobGas),
    extraData: header.extraData,
    gasLimit: bigintToHex(header.gasLimit),
    gasUsed: bigintToHex(header.gasUsed),
    hash: header.hash,
    logsBloom: header.logsBloom,
    miner: header.miner,
    mixHash: header.mixHash,
    nonce: header.nonce,
    number: bigintToHex(header.number),
    ...optional('parentBeaconBlockRoot', header.parentBeaconBlockRoot),
    parentHash: header.parentHash,
    receiptsRoot: header.receiptsRoot,
    ...optional('requestsHash', header.requestsHash),
    sha3Uncles: header.sha3Uncles,
    stateRoot: header.stateRoot,
    timestamp: bigintToHex(header.timestamp),
    transactionsRoot: header.transactionsRoot,
    ...optional('withdrawalsRoot', header.withdrawalsRoot),
  }
}

/** A block with its transactions whole (`full`) or as hashes. */
export function blockToJson(block: Block, full: boolean) {
  const { header, transactions } = block
  return {
    ...headerToJson(header),
    size: bigintToHex(block.size),
    transactions: full
      ? transactions.map((transaction, index) => transactionToJson(transaction, { header, index }))
      : transactions.map((transaction) => transaction.hash),
    uncles: block.uncles,
    ...optional('withdrawals', block.withdrawals?.map(withdrawalToJson)),
  }
}

function withdrawalToJson(withdrawal: NonNullable<Block['withdrawals']>[number]) {
  return {
    index: bigintToHex(withdrawal.index),
    validatorIndex: bigintToHex(withdrawal.validatorIndex),
    address: withdrawal.address,
    amount: bigintToHex(withdrawal.amount),
  }
}

function optional(name: string, value: unknown) {
  return value === undefined ? {} : { [name]: value }
}

function optionalQuantity(name: string, value: bigint | undefined) {
  return value === undefined ? {} : { [name]: bigintToHex(value) }
}
