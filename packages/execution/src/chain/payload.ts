import type { ExecutionPayload, PayloadEnvelope, Withdrawal } from '@quoin/engine'
import { bigintToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { type DecodedBlock, encodeWithdrawal, type Withdrawals } from '../codec/block.ts'
import { fromHex, toHex } from '../codec/bytes.ts'
import { sealHeader } from '../codec/header.ts'
import { decodeTransaction } from '../codec/transaction.ts'
import { hashRequests } from '../evm/system-calls.ts'
import type { Block, Transaction } from '../interface.ts'
import { orderedRoot } from '../state/trie.ts'
import { emptyUnclesHash } from './genesis.ts'

/** A block in the Engine API's form. */
export function blockToPayload({ header, transactions, withdrawals }: Block): ExecutionPayload {
  return {
    parentHash: header.parentHash,
    feeRecipient: header.miner,
    stateRoot: header.stateRoot,
    receiptsRoot: header.receiptsRoot,
    logsBloom: header.logsBloom,
    prevRandao: header.mixHash,
    blockNumber: bigintToHex(header.number),
    gasLimit: bigintToHex(header.gasLimit),
    gasUsed: bigintToHex(header.gasUsed),
    timestamp: bigintToHex(header.timestamp),
    extraData: header.extraData,
    baseFeePerGas: bigintToHex(header.baseFeePerGas ?? 0n),
    blockHash: header.hash,
    transactions: transactions.map(({ raw }) => raw),
    withdrawals: (withdrawals ?? []).map((withdrawal) => ({
      index: bigintToHex(withdrawal.index),
      validatorIndex: bigintToHex(withdrawal.validatorIndex),
      address: withdrawal.address,
      amount: bigintToHex(withdrawal.amount),
    })),
    blobGasUsed: bigintToHex(header.blobGasUsed ?? 0n),
    excessBlobGas: bigintToHex(header.excessBlobGas ?? 0n),
  }
}

export function parseWithdrawals(withdrawals: readonly Withdrawal[]): Withdrawals {
  return withdrawals.map(({ index, validatorIndex, address, amount }) => ({
    index: BigInt(index),
    validatorIndex: BigInt(validatorIndex),
    address: toHex(fromHex(address)),
    amount: BigInt(amount),
  }))
}

interface Sidecar {
  blobVersionedHashes: readonly Hex[]
  parentBeaconBlockRoot: Hex
  executionRequests: readonly Hex[]
}

/**
 * The block of a payload, its hash checked. `known` spares signatures of transactions seen before.
 * @throws CodedError INVALID_BLOCK
 */
export function payloadToBlock(
  payload: ExecutionPayload,
  sidecar: Sidecar,
  known: (hash: Hex) => Transaction | null,
): DecodedBlock {
  const transactions = payload.transactions.map((hex, index) => {
    const raw = fromHex(hex)
    try {
      const hash = toHex(keccak256(raw))
      return known(hash) ?? decodeTransaction(raw, { hash })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new CodedError('INVALID_BLOCK', `invalid transaction ${index}: ${reason}`, { cause })
    }
  })
  const withdrawals = parseWithdrawals(payload.withdrawals)
  const header = sealHeader({
    parentHash: payload.parentHash,
    sha3Uncles: emptyUnclesHash,
    miner: payload.feeRecipient,
    stateRoot: payload.stateRoot,
    transactionsRoot: toHex(orderedRoot(transactions.map(({ raw }) => fromHex(raw)))),
    receiptsRoot: payload.receiptsRoot,
    logsBloom: payload.logsBloom,
    difficulty: 0n,
    number: BigInt(payload.blockNumber),
    gasLimit: BigInt(payload.gasLimit),
    gasUsed: BigInt(payload.gasUsed),
    timestamp: BigInt(payload.timestamp),
    extraData: payload.extraData,
    mixHash: payload.prevRandao,
    nonce: '0x0000000000000000',
    baseFeePerGas: BigInt(payload.baseFeePerGas),
    withdrawalsRoot: toHex(orderedRoot(withdrawals.map(encodeWithdrawal))),
    blobGasUsed: BigInt(payload.blobGasUsed),
    excessBlobGas: BigInt(payload.excessBlobGas),
    parentBeaconBlockRoot: sidecar.parentBeaconBlockRoot,
    requestsHash: hashRequests(sidecar.executionRequests),
  })
  if (header.hash !== payload.blockHash)
    throw new CodedError(
      'INVALID_BLOCK',
      `blockhash mismatch: the payload says ${payload.blockHash}, its fields give ${header.hash}`,
    )
  const blobHashes = transactions.flatMap((transaction) => transaction.blobVersionedHashes ?? [])
  if (blobHashes.join() !== sidecar.blobVersionedHashes.join())
    throw new CodedError(
      'INVALID_BLOCK',
      'invalid blob versioned hashes: they differ from the transactions',
    )
  return { block: { header, transactions, uncles: [], withdrawals, size: 0 }, uncleHeaders: [] }
}

/** Whether a payload is, field by field, the one that was made here. */
export function isSamePayload(
  own: PayloadEnvelope,
  payload: ExecutionPayload,
  executionRequests: readonly Hex[],
): boolean {
  const { transactions, withdrawals, ...fields } = own.executionPayload
  for (const [name, value] of Object.entries(fields))
    if (payload[name as keyof typeof fields] !== value) return false
  return (
    transactions.length === payload.transactions.length &&
    transactions.every((raw, index) => raw === payload.transactions[index]) &&
    JSON.stringify(withdrawals) === JSON.stringify(payload.withdrawals) &&
    own.executionRequests.join() === executionRequests.join()
  )
}
