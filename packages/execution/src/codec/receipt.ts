import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Header, Log, Receipt, Transaction } from '../interface.ts'
import { hashOfKey } from '../state/key-hashes.ts'
import { fromHex, toBigint, toHex, toMinimalBytes } from './bytes.ts'
import { asBytes, asList, decodeRlpList, encodeRlp, type Rlp } from './rlp.ts'

export const zeroBloom: Hex = `0x${'00'.repeat(256)}`
const zeroBloomBytes = new Uint8Array(256)

/** What execution finds out about a transaction; the rest of its receipt follows from block and transaction. */
export interface ReceiptCore {
  status?: 0 | 1
  root?: Hex
  cumulativeGasUsed: bigint
  logsBloom: Hex
  logs: { address: Hex; topics: Hex[]; data: Hex }[]
}

/** The bloom filter of the Yellow Paper, 4.3.1: three bits for each address and topic. */
export function bloomOf(logs: readonly { address: Hex; topics: readonly Hex[] }[]): Uint8Array {
  if (logs.length === 0) return zeroBloomBytes
  const bloom = new Uint8Array(256)
  for (const { address, topics } of logs) {
    addToBloom(bloom, address)
    for (const topic of topics) addToBloom(bloom, topic)
  }
  return bloom
}

function addToBloom(bloom: Uint8Array, value: Hex): void {
  const hash = hashOfKey(value)
  for (const i of [0, 2, 4]) {
    const bit = (((hash[i] ?? 0) << 8) | (hash[i + 1] ?? 0)) & 2047
    const index = 255 - (bit >> 3)
    bloom[index] = (bloom[index] ?? 0) | (1 << (bit & 7))
  }
}

export function mergeBloom(into: Uint8Array, bloom: Uint8Array): void {
  for (let i = 0; i < 256; i++) into[i] = (into[i] ?? 0) | (bloom[i] ?? 0)
}

/** EIP-2718 encoding, as it is in the receipts trie. */
export function encodeReceipt(type: number, receipt: ReceiptCore): Uint8Array {
  const encoded = encodeRlp([
    statusField(receipt),
    toMinimalBytes(receipt.cumulativeGasUsed),
    receipt.logsBloom === zeroBloom ? zeroBloomBytes : fromHex(receipt.logsBloom),
    logFields(receipt.logs),
  ])
  return type === 0 ? encoded : Buffer.concat([Uint8Array.of(type), encoded])
}

function statusField({ root, status }: ReceiptCore): Uint8Array {
  if (root !== undefined) return fromHex(root)
  return status === 1 ? Uint8Array.of(1) : new Uint8Array(0)
}

function logFields(logs: ReceiptCore['logs']): Rlp[] {
  return logs.map((log) => [fromHex(log.address), log.topics.map(fromHex), fromHex(log.data)])
}

/** The store's own form: without blooms, which logs give again. */
export function encodeCores(cores: readonly ReceiptCore[]): Uint8Array {
  return encodeRlp(
    cores.map((core) => [
      statusField(core),
      toMinimalBytes(core.cumulativeGasUsed),
      logFields(core.logs),
    ]),
  )
}

export function decodeCores(encoded: Uint8Array): ReceiptCore[] {
  return decodeRlpList(encoded).map((item) => {
    const [status, gas, logItems] = asList(item)
    const bytes = asBytes(status)
    const logs = asList(logItems).map(decodeLog)
    return {
      ...(bytes.length === 32 ? { root: toHex(bytes) } : { status: bytes.length === 1 ? 1 : 0 }),
      cumulativeGasUsed: toBigint(asBytes(gas)),
      logsBloom: logs.length === 0 ? zeroBloom : toHex(bloomOf(logs)),
      logs,
    }
  })
}

function decodeLog(item: Rlp): ReceiptCore['logs'][number] {
  const [address, topics, data] = asList(item)
  return {
    address: toHex(asBytes(address)),
    topics: asList(topics).map((topic) => toHex(asBytes(topic))),
    data: toHex(asBytes(data)),
  }
}

/** Full receipts of a block. */
export function completeReceipts(
  header: Header,
  transactions: readonly Transaction[],
  cores: readonly ReceiptCore[],
  blobGasPrice: bigint | null,
): Receipt[] {
  let gasBefore = 0n
  let logIndex = 0
  return cores.map((core, transactionIndex) => {
    const transaction = transactions[transactionIndex]
    if (transaction === undefined) throw new Error('A receipt belongs to a transaction')
    const logs: Log[] = core.logs.map((log) => ({ ...log, logIndex: logIndex++ }))
    const receipt: Receipt = {
      transactionHash: transaction.hash,
      transactionIndex,
      type: transaction.type,
      from: transaction.from,
      to: transaction.to,
      contractAddress: transaction.to === null ? createdAddress(transaction) : null,
      cumulativeGasUsed: core.cumulativeGasUsed,
      gasUsed: core.cumulativeGasUsed - gasBefore,
      effectiveGasPrice: effectiveGasPrice(transaction, header.baseFeePerGas),
      logsBloom: core.logsBloom,
      logs,
    }
    if (core.root !== undefined) receipt.root = core.root
    if (core.status !== undefined) receipt.status = core.status
    if (transaction.blobVersionedHashes !== undefined && blobGasPrice !== null) {
      receipt.blobGasUsed = BigInt(transaction.blobVersionedHashes.length) * 131072n
      receipt.blobGasPrice = blobGasPrice
    }
    gasBefore = core.cumulativeGasUsed
    return receipt
  })
}

/** The address of a contract that a transaction creates: keccak256(rlp([sender, nonce])). */
function createdAddress({ from, nonce }: { from: Hex; nonce: bigint }): Hex {
  return toHex(keccak256(encodeRlp([fromHex(from), toMinimalBytes(nonce)])).subarray(12))
}

/** What is paid for a unit of gas in a block with this base fee. */
function effectiveGasPrice(transaction: Transaction, baseFee: bigint | undefined): bigint {
  const { gasPrice, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = transaction
  if (gasPrice !== undefined) return gasPrice
  const wanted = (baseFee ?? 0n) + maxPriorityFeePerGas
  return wanted < maxFeePerGas ? wanted : maxFeePerGas
}
