import { Address } from '@ethereumjs/util'
import type { Hex } from '@quoin/kernel'
import { empty, fromHex, toHex } from '../codec/bytes.ts'
import { createdAddress } from '../codec/receipt.ts'
import type { Transaction } from '../interface.ts'
import { blankAccount, hasCode, isEmptyAccount } from '../state/account.ts'
import { applyAuthorizations } from './authorizations.ts'
import { floorGas, intrinsicGas } from './intrinsic-gas.ts'
import type { Machine } from './machine.ts'
import { failureOf, invalidTransaction, type Outcome } from './outcome.ts'

/** A transaction, or a call that is treated like one. */
export interface Message {
  from: Hex
  to: Hex | null
  nonce: bigint
  gas: bigint
  value: bigint
  input: Hex
  /** What is paid for a unit of gas. */
  gasPrice: bigint
  feeCap: bigint
  tip: bigint
  accessList: NonNullable<Transaction['accessList']>
  authorizationList: NonNullable<Transaction['authorizationList']> | null
  blobHashes: Hex[] | null
  maxFeePerBlobGas: bigint
}

export interface TransitionOptions {
  /** A call: neither nonce nor code of the sender matter, a price of zero is free of the base fee. */
  isCall?: boolean
  /** A call whose nonce and fees are checked all the same. */
  isChecked?: boolean
  /** Runs plain transfers in the EVM too: for tracing, and to compare. */
  alwaysEvm?: boolean
  /** Collects addresses and slots that were touched. */
  accessed?: Map<Hex, Set<Hex>>
}

const blobGasPerBlob = 131072n

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
  const blobFee = environment.blobBaseFee * blobGasPerBlob * BigInt(message.blobHashes?.length ?? 0)
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

/** The message that a signed transaction is in a block with this base fee. */
export function transactionMessage(transaction: Transaction, baseFee: bigint | undefined): Message {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = transaction
  const feeCap = gasPrice ?? maxFeePerGas ?? 0n
  const tip = gasPrice ?? maxPriorityFeePerGas ?? 0n
  const wanted = (baseFee ?? 0n) + tip
  return {
    from: transaction.from,
    to: transaction.to,
    nonce: transaction.nonce,
    gas: transaction.gas,
    value: transaction.value,
    input: transaction.input,
    gasPrice: gasPrice ?? (wanted < feeCap ? wanted : feeCap),
    feeCap,
    tip,
    accessList: transaction.accessList ?? [],
    authorizationList: transaction.authorizationList ?? null,
    blobHashes: transaction.blobVersionedHashes ?? null,
    maxFeePerBlobGas: transaction.maxFeePerBlobGas ?? 0n,
  }
}

/** EIP-2681 */
const maxNonce = 2n ** 64n - 1n

function checkSender(machine: Machine, message: Message, options: TransitionOptions): void {
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
  const blobCost =
    message.maxFeePerBlobGas * blobGasPerBlob * BigInt(message.blobHashes?.length ?? 0)
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

function checkedIntrinsicGas(
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

interface Run {
  gasLeft: bigint
  refund: bigint
  destroyed: Iterable<Hex>
  touched: Hex[]
  outcome: Omit<Outcome, 'gasUsed' | 'maxUsedGas'>
}

const transferred = { returnData: empty, failure: null, logs: [], createdAddress: null }

/** Nothing but value moves: the recipient has no code, neither its own nor delegated nor native. */
function isPlainTransfer({ world, rules, evm }: Machine, message: Message): boolean {
  const { to } = message
  if (to === null || !rules.london || message.authorizationList !== null) return false
  const recipient = world.account(to)
  return (recipient === null || !hasCode(recipient)) && evm.getPrecompile(to) === undefined
}

function runTransfer({ world }: Machine, message: Message, gasLeft: bigint): Run {
  const { from, value } = message
  const to = message.to ?? from
  if (value > 0n) {
    const sender = world.account(from) ?? blankAccount
    world.setAccount(from, { ...sender, balance: sender.balance - value })
    const recipient = world.account(to) ?? blankAccount
    world.setAccount(to, { ...recipient, balance: recipient.balance + value })
  }
  return { gasLeft, refund: 0n, destroyed: [], touched: [to], outcome: transferred }
}

async function runInEvm(
  machine: Machine,
  message: Message,
  { gasLeft, accessed }: { gasLeft: bigint; accessed: Map<Hex, Set<Hex>> | undefined },
): Promise<Run> {
  const { world, rules, evm } = machine
  const { journal } = evm
  if (accessed !== undefined) journal.startReportingAccessList()
  if (rules.berlin) warmUp(machine, message)
  const authorizationRefund =
    message.authorizationList === null
      ? 0n
      : applyAuthorizations(machine, message.authorizationList)
  const caller = addressOf(message.from)
  const result = await evm.runCall({
    block: machine.block,
    caller,
    gasLimit: gasLeft,
    gasPrice: message.gasPrice,
    value: message.value,
    data: fromHex(message.input),
    skipNonceIncrement: true,
    ...(message.to === null ? {} : { to: addressOf(message.to) }),
    ...(message.blobHashes === null ? {} : { blobVersionedHashes: message.blobHashes }),
  })
  const { execResult } = result
  const failure = failureOf(execResult)
  const created = execResult.createdAddresses
  const destroyed = [...(execResult.selfdestruct?.keys() ?? [])].filter(
    (address) => !rules.cancun || created?.has(address),
  )
  for (const [address, slots] of journal.accessList ?? [])
    accessed?.set(`0x${address}`, new Set([...slots].map((slot): Hex => `0x${slot}`)))
  await journal.cleanup()
  world.beginTransaction()
  return {
    gasLeft: gasLeft - execResult.executionGasUsed,
    refund: authorizationRefund + (execResult.gasRefund ?? 0n),
    destroyed,
    touched: [],
    outcome: {
      returnData: execResult.returnValue,
      failure,
      logs: (execResult.logs ?? []).map(([address, topics, data]) => ({
        address: toHex(address),
        topics: topics.map(toHex),
        data: toHex(data),
      })),
      createdAddress: message.to === null && failure === null ? createdAddress(message) : null,
    },
  }
}

/** EIP-2929, 2930, 3651. */
function warmUp(machine: Machine, message: Message): void {
  const { rules, environment, precompileAddresses } = machine
  const { journal } = machine.evm
  for (const address of precompileAddresses) journal.addAlwaysWarmAddress(address)
  journal.addAlwaysWarmAddress(message.from)
  if (message.to !== null) journal.addAlwaysWarmAddress(message.to)
  if (rules.shanghai) journal.addAlwaysWarmAddress(environment.miner)
  for (const { address, storageKeys } of message.accessList) {
    journal.addAlwaysWarmAddress(address, true)
    for (const key of storageKeys) journal.addAlwaysWarmSlot(address, key, true)
  }
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

export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
}

export function addressOf(hex: Hex): Address {
  return new Address(fromHex(hex))
}
