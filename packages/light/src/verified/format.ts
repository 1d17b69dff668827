import { bigintToHex, type Hex } from '@quoin/kernel'
import type { ProvenBlock } from '../execution/block.ts'
import type { ProvenReceipt } from '../execution/receipt.ts'
import {
  createdAddress,
  effectiveGasPrice,
  type ProvenTransaction,
} from '../execution/transaction.ts'

/** JSON-RPC's forms of what was proven (execution-apis), as servers would give them. */
export function blockToJson(
  { header, transactions, withdrawals, sizeBytes }: ProvenBlock,
  isFull: boolean,
) {
  const { ommersHash, prevRandao, ...rest } = header
  const quantities = Object.entries(rest).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? bigintToHex(value) : value,
  ])
  return {
    ...Object.fromEntries(quantities),
    sha3Uncles: ommersHash,
    mixHash: prevRandao,
    size: bigintToHex(BigInt(sizeBytes)),
    uncles: [],
    transactions: isFull
      ? transactions.map((transaction, index) => transactionToJson(transaction, { header, index }))
      : transactions.map(({ hash }) => hash),
    withdrawals: withdrawals.map(({ index, validatorIndex, address, amountGwei }) => ({
      index: bigintToHex(index),
      validatorIndex: bigintToHex(validatorIndex),
      address,
      amount: bigintToHex(amountGwei),
    })),
  }
}

export function transactionToJson(
  transaction: ProvenTransaction,
  { header, index }: { header: ProvenBlock['header']; index: number },
) {
  const { hash, type, from, to, nonce, gas, value, input, chainId, signature } = transaction
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas, accessList } = transaction
  const price = effectiveGasPrice(transaction, header.baseFeePerGas)
  return {
    blockHash: header.hash,
    blockNumber: bigintToHex(header.number),
    blockTimestamp: bigintToHex(header.timestamp),
    transactionIndex: bigintToHex(BigInt(index)),
    hash,
    type: bigintToHex(BigInt(type)),
    from,
    to,
    nonce: bigintToHex(nonce),
    gas: bigintToHex(gas),
    value: bigintToHex(value),
    input,
    gasPrice: bigintToHex(gasPrice ?? price),
    ...(maxFeePerGas !== null && { maxFeePerGas: bigintToHex(maxFeePerGas) }),
    ...(maxPriorityFeePerGas !== null && {
      maxPriorityFeePerGas: bigintToHex(maxPriorityFeePerGas),
    }),
    ...(chainId !== null && { chainId: bigintToHex(chainId) }),
    ...(accessList && { accessList }),
    ...(transaction.authorizationList && {
      authorizationList: transaction.authorizationList.map(({ address, ...numbers }) => ({
        address,
        ...Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, bigintToHex(v)])),
      })),
    }),
    r: bigintToHex(signature.r),
    s: bigintToHex(signature.s),
    v: bigintToHex(signature.v),
    ...(type > 0 && { yParity: bigintToHex(BigInt(signature.yParity)) }),
  }
}

export function receiptToJson(
  block: ProvenBlock,
  receipts: readonly ProvenReceipt[],
  index: number,
) {
  const transaction = block.transactions[index]
  const receipt = receipts[index]
  if (!transaction || !receipt) throw new RangeError(`No receipt ${index} in the block`)
  const gasBefore = receipts[index - 1]?.cumulativeGasUsed ?? 0n
  const logsBefore = receipts.slice(0, index).reduce((sum, { logs }) => sum + logs.length, 0)
  const { header } = block
  return {
    transactionHash: transaction.hash,
    transactionIndex: bigintToHex(BigInt(index)),
    blockHash: header.hash,
    blockNumber: bigintToHex(header.number),
    from: transaction.from,
    to: transaction.to,
    contractAddress: transaction.to === null ? createdAddress(transaction) : null,
    cumulativeGasUsed: bigintToHex(receipt.cumulativeGasUsed),
    gasUsed: bigintToHex(receipt.cumulativeGasUsed - gasBefore),
    effectiveGasPrice: bigintToHex(effectiveGasPrice(transaction, header.baseFeePerGas)),
    logs: receipt.logs.map((log, offset) =>
      logToJson(log, { block, index, logIndex: logsBefore + offset }),
    ),
    logsBloom: receipt.logsBloom,
    status: receipt.isSuccess ? '0x1' : '0x0',
    type: bigintToHex(BigInt(receipt.type)),
  }
}

export function logToJson(
  { address, topics, data }: { address: Hex; topics: Hex[]; data: Hex },
  { block, index, logIndex }: { block: ProvenBlock; index: number; logIndex: number },
) {
  const { header, transactions } = block
  return {
    address,
    topics,
    data,
    blockHash: header.hash,
    blockNumber: bigintToHex(header.number),
    blockTimestamp: bigintToHex(header.timestamp),
    transactionHash: transactions[index]?.hash ?? null,
    transactionIndex: bigintToHex(BigInt(index)),
    logIndex: bigintToHex(BigInt(logIndex)),
    removed: false,
  }
}
