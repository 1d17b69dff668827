import { toHex } from '../codec/bytes.ts'
import { blankAccount, hasCode } from '../state/account.ts'
import { isDelegation } from './authorizations.ts'
import { floorGas, intrinsicGas } from './intrinsic-gas.ts'
import type { Machine } from './machine.ts'
import { blobGasOf, type Message, type TransitionOptions } from './message.ts'
import { invalidTransaction } from './outcome.ts'

/** EIP-2681 */
const maxNonce = 2n ** 64n - 1n

/** Nonce, fees and funds. @throws CodedError INVALID_TRANSACTION in geth's words */
export function checkSender(machine: Machine, message: Message, options: TransitionOptions): void {
  const { world, environment, rules } = machine
  const { isCall = false, isChecked = !isCall } = options
  const sender = world.account(message.from) ?? blankAccount
  const who = `address ${message.from}`
  if (isChecked) {
    if (sender.nonce > message.nonce)
      throw invalidTransaction(`nonce too low: ${who}, tx: ${message.nonce} state: ${sender.nonce}`)
    if (sender.nonce < message.nonce)
      throw invalidTransaction(
        `nonce too high: ${who}, tx: ${message.nonce} state: ${sender.nonce}`,
      )
    if (sender.nonce === maxNonce)
      throw invalidTransaction(`nonce has max value: ${who}, nonce: ${sender.nonce}`)
    if (!isCall && hasCode(sender) && !isDelegation(world.code(message.from)))
      throw invalidTransaction(`sender not an eoa: ${who}, codehash: ${toHex(sender.codeHash)}`)
  }
  const isFree = !isChecked && message.feeCap === 0n && message.tip === 0n
  if (rules.london && !isFree) {
    const baseFee = environment.baseFeePerGas ?? 0n
    if (message.feeCap < message.tip)
      throw invalidTransaction(
        `max priority fee per gas higher than max fee per gas: ${who}, maxPriorityFeePerGas: ${message.tip}, maxFeePerGas: ${message.feeCap}`,
      )
    if (message.feeCap < baseFee)
      throw invalidTransaction(
        `max fee per gas less than block base fee: ${who}, maxFeePerGas: ${message.feeCap}, baseFee: ${baseFee}`,
      )
  }
  checkBlobs(machine, message)
  const blobCost = message.maxFeePerBlobGas * blobGasOf(message)
  const cost = message.gas * message.feeCap + message.value + blobCost
  if (sender.balance < cost)
    throw invalidTransaction(
      `insufficient funds for gas * price + value: ${who} have ${sender.balance} want ${cost}`,
    )
}

function checkBlobs({ environment, rules }: Machine, message: Message): void {
  if (message.blobHashes === null) return
  if (!rules.cancun) throw invalidTransaction('transaction type not supported')
  if (message.blobHashes.length === 0)
    throw invalidTransaction('blob transaction missing blob hashes')
  for (const [index, hash] of message.blobHashes.entries())
    if (!hash.startsWith('0x01')) throw invalidTransaction(`blob ${index} has invalid hash version`)
  if (message.maxFeePerBlobGas < environment.blobBaseFee)
    throw invalidTransaction(
      `max fee per blob gas less than block blob gas fee: address ${message.from} blobGasFeeCap: ${message.maxFeePerBlobGas}, blobBaseFee: ${environment.blobBaseFee}`,
    )
}

const maxInitcodeSize = 49152
const maxTransactionGas = 16777216n

/** The gas that a message costs before it runs. @throws CodedError INVALID_TRANSACTION in geth's words */
export function checkedIntrinsicGas(
  { rules }: Machine,
  message: Message,
  { isCall }: TransitionOptions,
): bigint {
  if (rules.osaka && !isCall && message.gas > maxTransactionGas)
    throw invalidTransaction(
      `transaction gas limit too high (cap: ${maxTransactionGas}, tx: ${message.gas})`,
    )
  const needed = intrinsicGas(message, rules)
  if (message.gas < needed)
    throw invalidTransaction(`intrinsic gas too low: have ${message.gas}, want ${needed}`)
  const floor = floorGas(message, rules)
  if (message.gas < floor)
    throw invalidTransaction(
      `insufficient gas for floor data gas cost: have ${message.gas}, want ${floor}`,
    )
  const size = (message.input.length - 2) / 2
  if (rules.shanghai && message.to === null && size > maxInitcodeSize)
    throw invalidTransaction(
      `max initcode size exceeded: code size ${size} limit ${maxInitcodeSize}`,
    )
  if (message.authorizationList !== null) {
    if (message.to === null)
      throw invalidTransaction(
        'input string too short for common.Address, decoding into (types.SetCodeTx).To',
      )
    if (message.authorizationList.length === 0)
      throw invalidTransaction('EIP-7702 transaction with empty auth list')
  }
  return needed
}
