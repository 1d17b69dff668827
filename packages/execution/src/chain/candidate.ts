import type { Hex } from '@quoin/kernel'
import { encodeBlock, encodeWithdrawal, unclesHash } from '../codec/block.ts'
import { fromHex, toHex } from '../codec/bytes.ts'
import { encodeHeader, sealHeader, type Unsealed } from '../codec/header.ts'
import {
  completeReceipts,
  encodeCores,
  encodeReceipt,
  type ReceiptCore,
  zeroBloom,
} from '../codec/receipt.ts'
import type { Rules } from '../evm/rules.ts'
import { hashRequests } from '../evm/system-calls.ts'
import type { Block, Header, Receipt } from '../interface.ts'
import type { StateWrites } from '../state/node-store.ts'
import { orderedRoot } from '../state/trie.ts'
import type { BlockOpening, Executed } from './block-executor.ts'
import { blobBaseFee } from './fees.ts'
import type { StoredBlock } from './store.ts'

/** A block that was executed and found valid, in memory until a fork choice makes it durable. */
export interface Candidate {
  block: Block
  receipts: Receipt[]
  cores: ReceiptCore[]
  encoded: Uint8Array
  writes: StateWrites
  requests: Hex[]
  fees: bigint
}

/** Header fields that execution does not determine. */
export type HeaderFrame = Pick<
  Header,
  | 'parentHash'
  | 'miner'
  | 'number'
  | 'gasLimit'
  | 'timestamp'
  | 'extraData'
  | 'mixHash'
  | 'nonce'
  | 'difficulty'
> &
  Partial<Pick<Header, 'baseFeePerGas' | 'excessBlobGas' | 'parentBeaconBlockRoot'>>

/** The header that a block with this frame, opening and result has. */
export function headerOf(
  frame: HeaderFrame,
  opening: BlockOpening,
  executed: Executed,
  rules: Rules,
): Header {
  const { transactions, receipts, gasUsed, logsBloom, blobGasUsed, requests } = executed
  const header: Unsealed = {
    ...frame,
    sha3Uncles: unclesHash(opening.uncles),
    stateRoot: executed.stateRoot,
    transactionsRoot: toHex(orderedRoot(transactions.map(({ raw }) => fromHex(raw)))),
    receiptsRoot: toHex(
      orderedRoot(receipts.map((core, i) => encodeReceipt(transactions[i]?.type ?? 0, core))),
    ),
    logsBloom: receipts.every(({ logs }) => logs.length === 0) ? zeroBloom : toHex(logsBloom),
    gasUsed,
  }
  if (rules.shanghai)
    header.withdrawalsRoot = toHex(
      orderedRoot((opening.withdrawals ?? []).map((withdrawal) => encodeWithdrawal(withdrawal))),
    )
  if (rules.cancun) header.blobGasUsed = blobGasUsed
  if (rules.prague) header.requestsHash = hashRequests(requests)
  return sealHeader(header)
}

export function createCandidate(
  header: Header,
  opening: BlockOpening,
  executed: Executed,
  rules: Rules,
): Candidate {
  const { transactions, receipts, writes, requests, fees } = executed
  const encoded = encodeBlock(header, transactions, opening.withdrawals, opening.uncles)
  const block: Block = {
    header,
    transactions,
    uncles: opening.uncles.map(({ hash }) => hash),
    size: encoded.length,
  }
  if (opening.withdrawals !== undefined) block.withdrawals = opening.withdrawals
  const blobPrice = rules.cancun ? blobBaseFee(header.excessBlobGas, rules) : null
  return {
    block,
    receipts: completeReceipts(header, transactions, receipts, blobPrice),
    cores: receipts,
    encoded,
    writes,
    requests,
    fees,
  }
}

/** What goes on disk. */
export function storedForm({ block, cores, encoded, writes }: Candidate): StoredBlock {
  return {
    hash: block.header.hash,
    header: encodeHeader(block.header),
    block: encoded,
    senders: Buffer.from(block.transactions.map(({ from }) => from.slice(2)).join(''), 'hex'),
    receipts: encodeCores(cores),
    state: writes,
  }
}
