import type { ExecutionPayload, Withdrawal } from '@quoin/engine'
import { bigintToHex, type Hex } from '@quoin/kernel'
import { hexItem, numberItem, type RlpItem, toBigint, toHex, toList } from './rlp.ts'

/** Name, and how it is written: a byte string of a size (null: any), or a number. */
const fields = [
  ['parentHash', 32],
  ['feeRecipient', 20],
  ['stateRoot', 32],
  ['receiptsRoot', 32],
  ['logsBloom', 256],
  ['prevRandao', 32],
  ['blockNumber', 'number'],
  ['gasLimit', 'number'],
  ['gasUsed', 'number'],
  ['timestamp', 'number'],
  ['extraData', null],
  ['baseFeePerGas', 'number'],
  ['blockHash', 32],
  ['blobGasUsed', 'number'],
  ['excessBlobGas', 'number'],
] as const

/** The execution payload as one list: fifteen fields, then the transactions, then the withdrawals. */
export function payloadToRlp(payload: ExecutionPayload): RlpItem {
  return [
    ...fields.map(([name, form]) =>
      form === 'number' ? numberItem(BigInt(payload[name])) : hexItem(payload[name]),
    ),
    payload.transactions.map(hexItem),
    payload.withdrawals.map(withdrawalToRlp),
  ]
}

/** @throws CodedError `INVALID_ENCODING` */
export function rlpToPayload(item: RlpItem | undefined): ExecutionPayload {
  const items = toList(item, 'payload', fields.length + 2)
  const read = (name: (typeof fields)[number][0]): Hex => {
    const index = fields.findIndex(([field]) => field === name)
    const form = fields[index]?.[1]
    if (form === 'number') return bigintToHex(toBigint(items[index], name))
    return toHex(items[index], name, form ?? undefined)
  }
  return {
    parentHash: read('parentHash'),
    feeRecipient: read('feeRecipient'),
    stateRoot: read('stateRoot'),
    receiptsRoot: read('receiptsRoot'),
    logsBloom: read('logsBloom'),
    prevRandao: read('prevRandao'),
    blockNumber: read('blockNumber'),
    gasLimit: read('gasLimit'),
    gasUsed: read('gasUsed'),
    timestamp: read('timestamp'),
    extraData: read('extraData'),
    baseFeePerGas: read('baseFeePerGas'),
    blockHash: read('blockHash'),
    blobGasUsed: read('blobGasUsed'),
    excessBlobGas: read('excessBlobGas'),
    transactions: toList(items[fields.length], 'transactions').map((raw) =>
      toHex(raw, 'transaction'),
    ),
    withdrawals: toList(items[fields.length + 1], 'withdrawals').map(rlpToWithdrawal),
  }
}

function withdrawalToRlp({ index, validatorIndex, address, amount }: Withdrawal): RlpItem {
  return [
    numberItem(BigInt(index)),
    numberItem(BigInt(validatorIndex)),
    hexItem(address),
    numberItem(BigInt(amount)),
  ]
}

function rlpToWithdrawal(item: RlpItem): Withdrawal {
  const [index, validatorIndex, address, amount] = toList(item, 'withdrawal', 4)
  return {
    index: bigintToHex(toBigint(index, 'withdrawal index')),
    validatorIndex: bigintToHex(toBigint(validatorIndex, 'validator index')),
    address: toHex(address, 'withdrawal address', 20),
    amount: bigintToHex(toBigint(amount, 'withdrawal amount')),
  }
}
