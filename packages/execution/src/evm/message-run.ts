import type { Hex } from '@quoin/kernel'
import { empty, fromHex, toHex } from '../codec/bytes.ts'
import { blankAccount, hasCode } from '../state/account.ts'
import { applyAuthorizations } from './authorizations.ts'
import { addressOf, type Machine } from './machine.ts'
import type { Message } from './message.ts'
import { failureOf, type Outcome } from './outcome.ts'

/** How a message ended, before gas is settled. */
export interface Run {
  gasLeft: bigint
  refund: bigint
  destroyed: Iterable<Hex>
  touched: Hex[]
  outcome: Omit<Outcome, 'gasUsed' | 'maxUsedGas'>
}

const transferred = { returnData: empty, failure: null, logs: [], createdAddress: null }

/** Nothing but value moves: the recipient has no code, neither its own nor delegated nor native. */
export function isPlainTransfer({ world, rules, evm }: Machine, message: Message): boolean {
  const { to } = message
  if (to === null || !rules.london || message.authorizationList !== null) return false
  const recipient = world.account(to)
  return (recipient === null || !hasCode(recipient)) && evm.getPrecompile(to) === undefined
}

export function runTransfer({ world }: Machine, message: Message, gasLeft: bigint): Run {
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

export async function runInEvm(
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
  const { execResult, createdAddress } = result
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
      createdAddress: createdAddress && failure === null ? toHex(createdAddress.bytes) : null,
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
