import { CodedError } from '@quoin/kernel'
import type { Rules } from '../evm/rules.ts'
import type { Header } from '../interface.ts'
import { nextBaseFee, nextExcessBlobGas } from './fees.ts'
import { emptyUnclesHash } from './genesis.ts'

/**
 * What a header must have in common with its parent, before anything is executed. Seals of
 * proof-of-work are not checked.
 * @throws CodedError INVALID_BLOCK
 */
export function checkHeader(header: Header, parent: Header, rules: Rules): void {
  const check = (holds: boolean, reason: string) => {
    if (!holds) throw new CodedError('INVALID_BLOCK', reason)
  }
  const { number, timestamp, gasLimit, gasUsed } = header
  check(
    number === parent.number + 1n,
    `invalid block number: have ${number}, want ${parent.number + 1n}`,
  )
  check(
    timestamp > parent.timestamp || (rules.equalTimestamps && timestamp === parent.timestamp),
    `invalid timestamp: have ${timestamp}, the parent has ${parent.timestamp}`,
  )
  check(header.extraData.length <= 66, 'invalid extra data: longer than 32 bytes')
  check(gasUsed <= gasLimit, `invalid gasUsed: have ${gasUsed}, gasLimit ${gasLimit}`)
  // At London the limit doubles, because it became twice the target (EIP-1559).
  const isLondonFirst = rules.london && parent.baseFeePerGas === undefined
  const before = isLondonFirst ? parent.gasLimit * 2n : parent.gasLimit
  const step = gasLimit > before ? gasLimit - before : before - gasLimit
  check(
    step < before / 1024n && gasLimit >= 5000n && gasLimit < 1n << 63n,
    `invalid gas limit: have ${gasLimit}, the parent has ${before}`,
  )
  const { baseFeePerGas, withdrawalsRoot, excessBlobGas, requestsHash } = header
  const baseFee = rules.london ? nextBaseFee(parent) : undefined
  check(baseFeePerGas === baseFee, `invalid baseFee: have ${baseFeePerGas}, want ${baseFee}`)
  check((withdrawalsRoot !== undefined) === rules.shanghai, 'invalid withdrawalsRoot for this fork')
  check((requestsHash !== undefined) === rules.prague, 'invalid requestsHash for this fork')
  check(
    (header.parentBeaconBlockRoot !== undefined) === rules.cancun,
    'invalid parentBeaconBlockRoot for this fork',
  )
  const excess = rules.cancun ? nextExcessBlobGas(parent, rules) : undefined
  check(excessBlobGas === excess, `invalid excessBlobGas: have ${excessBlobGas}, want ${excess}`)
  check((header.blobGasUsed !== undefined) === rules.cancun, 'invalid blobGasUsed for this fork')
  if (!rules.merge) return
  check(header.difficulty === 0n, `invalid difficulty: have ${header.difficulty}, want 0`)
  check(header.nonce === '0x0000000000000000', 'invalid nonce: want 0')
  check(header.sha3Uncles === emptyUnclesHash, 'invalid uncles: want none')
}
