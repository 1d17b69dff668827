import type { Header, Log, Receipt } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'

/** A log object. `removed` is true when its block has left the canonical chain. */
export function logToJson(
  log: Log,
  place: { header: Header; transactionHash: Hex; transactionIndex: number },
  removed = false,
) {
  return {
    address: log.address,
    topics: log.topics,
    data: log.data,
    blockNumber: bigintToHex(place.header.number),
    transactionHash: place.transactionHash,
    transactionIndex: bigintToHex(place.transactionIndex),
    blockHash: place.header.hash,
    blockTimestamp: bigintToHex(place.header.timestamp),
    logIndex: bigintToHex(log.logIndex),
    removed,
  }
}

export function receiptToJson(receipt: Receipt, header: Header) {
  return {
    blockHash: header.hash,
    blockNumber: bigintToHex(header.number),
    contractAddress: receipt.contractAddress,
    cumulativeGasUsed: bigintToHex(receipt.cumulativeGasUsed),
    effectiveGasPrice: bigintToHex(receipt.effectiveGasPrice),
    from: receipt.from,
    gasUsed: bigintToHex(receipt.gasUsed),
    ...(receipt.blobGasUsed === undefined ? {} : { blobGasUsed: bigintToHex(receipt.blobGasUsed) }),
    ...(receipt.blobGasPrice === undefined
      ? {}
      : { blobGasPrice: bigintToHex(receipt.blobGasPrice) }),
    logs: receipt.logs.map((log) => logToJson(log, { header, ...receipt })),
    logsBloom: receipt.logsBloom,
    ...(receipt.status === undefined
      ? { root: receipt.root }
      : { status: bigintToHex(receipt.status) }),
    to: receipt.to,
    transactionHash: receipt.transactionHash,
    transactionIndex: bigintToHex(receipt.transactionIndex),
    type: bigintToHex(receipt.type),
  }
}
