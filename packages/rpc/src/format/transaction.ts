import type { Header, Transaction } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'

/** Where a mined transaction is; null while it waits in the pool. */
export type TransactionPlace = { header: Header; index: number } | null

/** A transaction object of the JSON-RPC, of any type and age. */
export function transactionToJson(transaction: Transaction, place: TransactionPlace) {
  return {
    blockHash: place?.header.hash ?? null,
    blockNumber: place ? bigintToHex(place.header.number) : null,
    blockTimestamp: place ? bigintToHex(place.header.timestamp) : null,
    from: transaction.from,
    gas: bigintToHex(transaction.gas),
    gasPrice: bigintToHex(gasPrice(transaction, place)),
    hash: transaction.hash,
    input: transaction.input,
    nonce: bigintToHex(transaction.nonce),
    to: transaction.to,
    transactionIndex: place ? bigintToHex(place.index) : null,
    value: bigintToHex(transaction.value),
    type: bigintToHex(transaction.type),
    ...typedMembers(transaction),
    v: bigintToHex(transaction.v),
    r: bigintToHex(transaction.r),
    s: bigintToHex(transaction.s),
    ...(transaction.type === 0 ? {} : { yParity: bigintToHex(transaction.v) }),
  }
}

/** What the sender pays for a unit of gas: known once mined, the ceiling before. */
function gasPrice(transaction: Transaction, place: TransactionPlace): bigint {
  if (transaction.gasPrice !== undefined && transaction.maxFeePerGas === undefined)
    return transaction.gasPrice
  const ceiling = transaction.maxFeePerGas ?? 0n
  const baseFee = place?.header.baseFeePerGas
  if (baseFee === undefined) return ceiling
  const wanted = baseFee + (transaction.maxPriorityFeePerGas ?? 0n)
  return wanted < ceiling ? wanted : ceiling
}

function typedMembers(transaction: Transaction) {
  const members: Record<string, unknown> = {}
  quantity('chainId', transaction.chainId)
  quantity('maxFeePerGas', transaction.maxFeePerGas)
  quantity('maxPriorityFeePerGas', transaction.maxPriorityFeePerGas)
  quantity('maxFeePerBlobGas', transaction.maxFeePerBlobGas)
  if (transaction.accessList) members.accessList = transaction.accessList
  if (transaction.blobVersionedHashes) members.blobVersionedHashes = transaction.blobVersionedHashes
  if (transaction.authorizationList)
    members.authorizationList = transaction.authorizationList.map(authorizationToJson)
  return members

  function quantity(name: string, value: bigint | undefined) {
    if (value !== undefined) members[name] = bigintToHex(value)
  }
}

function authorizationToJson(item: NonNullable<Transaction['authorizationList']>[number]): {
  chainId: Hex
  address: Hex
  nonce: Hex
  yParity: Hex
  r: Hex
  s: Hex
} {
  return {
    chainId: bigintToHex(item.chainId),
    address: item.address,
    nonce: bigintToHex(item.nonce),
    yParity: bigintToHex(item.yParity),
    r: bigintToHex(item.r),
    s: bigintToHex(item.s),
  }
}
