import type {
  ExecutionPayload,
  ForkchoiceState,
  PayloadAttributes,
  Withdrawal,
} from '@quoin/engine'
import type { Hex } from '@quoin/kernel'
import {
  parseAddress,
  parseData,
  parseHash,
  parseList,
  parseObject,
  parseQuantity,
} from '../params/values.ts'

/** A QUANTITY that stays text. */
function quantity(value: unknown, index: number): Hex {
  return `0x${parseQuantity(value, index).toString(16)}`
}

export function parseForkchoice(value: unknown, index: number): ForkchoiceState {
  const state = parseObject(value, index)
  return {
    headBlockHash: parseHash(state.headBlockHash, index),
    safeBlockHash: parseHash(state.safeBlockHash, index),
    finalizedBlockHash: parseHash(state.finalizedBlockHash, index),
  }
}

export function parseAttributes(value: unknown, index: number): PayloadAttributes {
  const attributes = parseObject(value, index)
  return {
    timestamp: quantity(attributes.timestamp, index),
    prevRandao: parseHash(attributes.prevRandao, index),
    suggestedFeeRecipient: parseAddress(attributes.suggestedFeeRecipient, index),
    withdrawals: parseList(attributes.withdrawals, index, parseWithdrawal),
    parentBeaconBlockRoot: parseHash(attributes.parentBeaconBlockRoot, index),
  }
}

export function parsePayload(value: unknown, index: number): ExecutionPayload {
  const payload = parseObject(value, index)
  return {
    parentHash: parseHash(payload.parentHash, index),
    feeRecipient: parseAddress(payload.feeRecipient, index),
    stateRoot: parseHash(payload.stateRoot, index),
    receiptsRoot: parseHash(payload.receiptsRoot, index),
    logsBloom: parseData(payload.logsBloom, index),
    prevRandao: parseHash(payload.prevRandao, index),
    blockNumber: quantity(payload.blockNumber, index),
    gasLimit: quantity(payload.gasLimit, index),
    gasUsed: quantity(payload.gasUsed, index),
    timestamp: quantity(payload.timestamp, index),
    extraData: parseData(payload.extraData, index),
    baseFeePerGas: quantity(payload.baseFeePerGas, index),
    blockHash: parseHash(payload.blockHash, index),
    transactions: parseList(payload.transactions, index, parseData),
    withdrawals: parseList(payload.withdrawals, index, parseWithdrawal),
    blobGasUsed: quantity(payload.blobGasUsed, index),
    excessBlobGas: quantity(payload.excessBlobGas, index),
  }
}

function parseWithdrawal(value: unknown, index: number): Withdrawal {
  const withdrawal = parseObject(value, index)
  return {
    index: quantity(withdrawal.index, index),
    validatorIndex: quantity(withdrawal.validatorIndex, index),
    address: parseAddress(withdrawal.address, index),
    amount: quantity(withdrawal.amount, index),
  }
}
