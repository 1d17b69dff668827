import { CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Block, Header, Transaction } from '../interface.ts'
import { fromHex, toBigint, toHex, toMinimalBytes } from './bytes.ts'
import { decodeHeader, encodeHeader } from './header.ts'
import { asBytes, asList, decodeRlpList, encodeRlp, type Rlp, wrapList } from './rlp.ts'
import { decodeTransaction } from './transaction.ts'

export type Withdrawals = NonNullable<Block['withdrawals']>

/** A block with the parts that only execution needs. */
export interface DecodedBlock {
  block: Block
  uncleHeaders: Header[]
}

/** The RLP block as it is on the wire (Yellow Paper 4.3, EIP-4895). */
export function encodeBlock(
  header: Header,
  transactions: readonly Transaction[],
  withdrawals: Withdrawals | undefined,
  uncles: readonly Header[] = [],
): Uint8Array {
  const parts = [
    encodeHeader(header),
    wrapList(transactions.map(encodedInBlock)),
    wrapList(uncles.map(encodeHeader)),
  ]
  if (withdrawals !== undefined) parts.push(wrapList(withdrawals.map(encodeWithdrawal)))
  return wrapList(parts)
}

/** Legacy transactions are lists inside the block, the others byte strings. */
function encodedInBlock({ type, raw }: Transaction): Uint8Array {
  return type === 0 ? fromHex(raw) : encodeRlp(fromHex(raw))
}

export function encodeWithdrawal(withdrawal: Withdrawals[number]): Uint8Array {
  return encodeRlp([
    toMinimalBytes(withdrawal.index),
    toMinimalBytes(withdrawal.validatorIndex),
    fromHex(withdrawal.address),
    toMinimalBytes(withdrawal.amount),
  ])
}

/** `senders` (20 bytes each) spare the recovery of signatures. @throws CodedError INVALID_BLOCK */
export function decodeBlock(rlp: Uint8Array, senders?: Uint8Array): DecodedBlock {
  try {
    const [headerItem, transactionItems, uncleItems, withdrawalItems] = decodeRlpList(rlp)
    const uncleHeaders = asList(uncleItems).map((uncle) => decodeHeader(asList(uncle)))
    const block: Block = {
      header: decodeHeader(asList(headerItem)),
      transactions: asList(transactionItems).map((item, index) => {
        const raw = item instanceof Uint8Array ? item : encodeRlp(item)
        return decodeTransaction(raw, { from: senderAt(senders, index) })
      }),
      uncles: uncleHeaders.map(({ hash }) => hash),
      size: rlp.length,
    }
    if (withdrawalItems !== undefined)
      block.withdrawals = asList(withdrawalItems).map(decodeWithdrawal)
    return { block, uncleHeaders }
  } catch (cause) {
    if (cause instanceof CodedError && cause.code === 'INVALID_BLOCK') throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('INVALID_BLOCK', `The block cannot be decoded: ${reason}`, { cause })
  }
}

function senderAt(senders: Uint8Array | undefined, index: number): Hex | undefined {
  return senders === undefined ? undefined : toHex(senders.subarray(20 * index, 20 * index + 20))
}

function decodeWithdrawal(item: Rlp): Withdrawals[number] {
  const [index, validatorIndex, address, amount] = asList(item).map((field) => asBytes(field))
  if (!index || !validatorIndex || address?.length !== 20 || !amount)
    throw new CodedError('INVALID_BLOCK', 'A withdrawal has four fields')
  return {
    index: toBigint(index),
    validatorIndex: toBigint(validatorIndex),
    address: toHex(address),
    amount: toBigint(amount),
  }
}

export function unclesHash(uncles: readonly Header[]): Hex {
  return toHex(keccak256(wrapList(uncles.map(encodeHeader))))
}
