import type { Hex } from '@quoin/kernel'
import { blankAccount, isEmptyAccount } from '../state/account.ts'
import { floorGas } from './intrinsic-gas.ts'
import type { Machine } from './machine.ts'
import { blobGasOf, type Message, type TransitionOptions } from './message.ts'
import { checkedIntrinsicGas, checkSender } from './message-checks.ts'
import { isPlainTransfer, runInEvm, runTransfer } from './message-run.ts'
import type { Outcome } from './outcome.ts'

/**
 * Applies a message to the machine's world, all of it or (when it is invalid) nothing: the state
 * transition function of the Yellow Paper, section 6, with the EIPs up to Osaka.
 * @throws CodedError INVALID_TRANSACTION
 */
export async function applyMessage(
  machine: Machine,
  message: Message,
  options: TransitionOptions = {},
): Promise<Outcome> {
  const { world, rules, environment } = machine
  checkSender(machine, message, options)
  const gasLeft = message.gas - checkedIntrinsicGas(machine, message, options)
  world.beginTransaction()
  const blobFee = environment.blobBaseFee * blobGasOf(message)
  const sender = world.account(message.from) ?? blankAccount
  world.setAccount(message.from, {
    ...sender,
    nonce: sender.nonce + 1n,
    balance: sender.balance - message.gas * message.gasPrice - blobFee,
  })
  const run =
    options.alwaysEvm || !isPlainTransfer(machine, message)
      ? await runInEvm(machine, message, { gasLeft, accessed: options.accessed })
      : runTransfer(machine, message, gasLeft)
  let gasUsed = message.gas - run.gasLeft
  let maxUsedGas = gasUsed
  const maxRefund = gasUsed / (rules.london ? 5n : 2n)
  gasUsed -= run.refund < maxRefund ? run.refund : maxRefund
  const floor = floorGas(message, rules)
  if (gasUsed < floor) gasUsed = floor
  if (maxUsedGas < floor) maxUsedGas = floor
  settleGas(machine, message, gasUsed)
  for (const address of run.destroyed) world.deleteAccount(address)
  if (rules.spuriousDragon) for (const address of run.touched) deleteIfEmpty(machine, address)
  return { ...run.outcome, gasUsed, maxUsedGas }
}

/** Gives back what is left of the gas and pays the miner. */
function settleGas({ world, rules, environment }: Machine, message: Message, used: bigint): void {
  const left = (message.gas - used) * message.gasPrice
  if (left > 0n) {
    const sender = world.account(message.from) ?? blankAccount
    world.setAccount(message.from, { ...sender, balance: sender.balance + left })
  }
  const burnt = rules.london ? (environment.baseFeePerGas ?? 0n) : 0n
  const tip = message.gasPrice > burnt ? message.gasPrice - burnt : 0n
  const miner = world.account(environment.miner)
  if (tip > 0n || miner !== null || !rules.spuriousDragon) {
    const account = miner ?? blankAccount
    const paid = { ...account, balance: account.balance + tip * used }
    world.setAccount(environment.miner, rules.spuriousDragon && isEmptyAccount(paid) ? null : paid)
  }
}

function deleteIfEmpty({ world }: Machine, address: Hex): void {
  const account = world.account(address)
  if (account !== null && isEmptyAccount(account)) world.deleteAccount(address)
}
