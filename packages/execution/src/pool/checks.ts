import { isDelegation } from '../evm/authorizations.ts'
import { floorGas, intrinsicGas } from '../evm/intrinsic-gas.ts'
import type { Rules } from '../evm/rules.ts'
import type { Header, Transaction } from '../interface.ts'
import { blankAccount, hasCode } from '../state/account.ts'
import type { WorldState } from '../state/world-state.ts'
import { poolError } from './pool-error.ts'

const maxInitcodeSize = 49152
const maxTransactionGas = 16777216n

/** What does not depend on the state; in geth's order and words. @throws CodedError PoolErrorCode */
export function checkStateless(
  transaction: Transaction,
  { head, rules, chainId }: { head: Header; rules: Rules; chainId: bigint },
): void {
  const { type, gas, input, to } = transaction
  const isKnownType =
    type === 0 ||
    (type === 1 && rules.berlin) ||
    (type === 2 && rules.london) ||
    (type === 4 && rules.prague)
  if (!isKnownType) throw poolError('TYPE_NOT_SUPPORTED', 'transaction type not supported')
  if (transaction.chainId === undefined)
    throw poolError(
      'INVALID_SENDER',
      'only replay-protected (EIP-155) transactions allowed over RPC',
    )
  if (transaction.chainId !== chainId)
    throw poolError(
      'INVALID_SENDER',
      `invalid sender: invalid chain id for signer: have ${transaction.chainId} want ${chainId}`,
    )
  const size = (input.length - 2) / 2
  if (rules.shanghai && to === null && size > maxInitcodeSize)
    throw poolError(
      'OVERSIZED',
      `max initcode size exceeded: code size ${size}, limit ${maxInitcodeSize}`,
    )
  if (rules.osaka && gas > maxTransactionGas)
    throw poolError(
      'GAS_LIMIT',
      `transaction gas limit too high (cap: ${maxTransactionGas}, tx: ${gas})`,
    )
  if (gas > head.gasLimit) throw poolError('GAS_LIMIT', 'exceeds block gas limit')
  const { feeCap, tip } = feesOf(transaction)
  if (feeCap >= 1n << 256n || tip >= 1n << 256n)
    throw poolError('FEE_CAP_TOO_LOW', 'max fee per gas higher than 2^256-1')
  if (feeCap < tip)
    throw poolError('TIP_ABOVE_FEE_CAP', 'max priority fee per gas higher than max fee per gas')
  const needed = intrinsicGas(transaction, rules)
  if (gas < needed)
    throw poolError('INTRINSIC_GAS', `intrinsic gas too low: gas ${gas}, minimum needed ${needed}`)
  const floor = floorGas(transaction, rules)
  if (gas < floor)
    throw poolError(
      'INTRINSIC_GAS',
      `insufficient gas for floor data gas cost: gas ${gas}, minimum needed ${floor}`,
    )
  if (type === 4 && transaction.authorizationList?.length === 0)
    throw poolError('DECODE', 'set code tx must have at least one authorization tuple')
}

/**
 * What depends on the sender's account, `reserved` being what its other pooled transactions may cost.
 * @throws CodedError PoolErrorCode
 */
export function checkSender(transaction: Transaction, world: WorldState, reserved: bigint): void {
  const account = world.account(transaction.from) ?? blankAccount
  const { nonce } = transaction
  if (nonce < account.nonce)
    throw poolError(
      'NONCE_TOO_LOW',
      `nonce too low: next nonce ${account.nonce}, tx nonce ${nonce}`,
    )
  if (nonce >= (1n << 64n) - 1n) throw poolError('NONCE_TOO_HIGH', 'nonce has max value')
  if (hasCode(account) && !isDelegation(world.code(transaction.from)))
    throw poolError('INVALID_SENDER', 'sender not an eoa')
  const cost = costOf(transaction)
  if (account.balance < cost)
    throw poolError(
      'INSUFFICIENT_FUNDS',
      `insufficient funds for gas * price + value: balance ${account.balance}, tx cost ${cost}, overshot ${cost - account.balance}`,
    )
  if (account.balance < cost + reserved)
    throw poolError(
      'INSUFFICIENT_FUNDS',
      `insufficient funds for gas * price + value: balance ${account.balance}, queued cost ${reserved}, tx cost ${cost}, overshot ${cost + reserved - account.balance}`,
    )
}

/** The most that a transaction can take from its sender, in wei. */
export function costOf(transaction: Transaction): bigint {
  return transaction.gas * feesOf(transaction).feeCap + transaction.value
}

export function feesOf({ gasPrice, maxFeePerGas, maxPriorityFeePerGas }: Transaction): {
  feeCap: bigint
  tip: bigint
} {
  return { feeCap: gasPrice ?? maxFeePerGas ?? 0n, tip: gasPrice ?? maxPriorityFeePerGas ?? 0n }
}

/** What the miner gets for a unit of gas; negative when the base fee is not covered. */
export function effectiveTip(transaction: Transaction, baseFee: bigint): bigint {
  const { feeCap, tip } = feesOf(transaction)
  return feeCap - baseFee < tip ? feeCap - baseFee : tip
}
