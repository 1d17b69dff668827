import { confirm, isCancel } from '@clack/prompts'
import type { Mined } from '@quoin/ledger'
import { decodeEventLog } from 'viem'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCoin, formatCount } from '../output/amounts.ts'
import { patiently } from '../output/patience.ts'
import { renderFacts } from '../output/table.ts'
import { type Desk, openDesk } from './signer.ts'
import { effectiveFrom, type StakingCall, stakingContract } from './staking.ts'

/** What an act on the Staking contract will be: the call, and what it means in words. */
export interface Plan {
  call: StakingCall
  /** A call that must be made before it. */
  first?: StakingCall
  /** For messages, as "stake 5 coins". */
  doing: string
  value?: bigint
  /** What will happen, one sentence each. */
  says: string[]
  /** Whether it changes who validates, two epochs later; asked when it is done. */
  isChange?: boolean | (() => Promise<boolean>)
  /** What to do until a change counts. */
  until?: string
}

/** Shows what will happen, asks a person unless told to go on, sends it, and shows what came of it. */
export async function act(
  context: Context,
  options: { yes: boolean },
  plan: (desk: Desk) => Promise<Plan>,
): Promise<void> {
  await using desk = await openDesk(context, { writes: true })
  const { terminal } = context
  const { call, first, doing, value = 0n, says, isChange = false, until } = await plan(desk)
  for (const line of says) terminal.line(line)
  await assertOwned(desk, value)
  if (!options.yes) await askToGoOn(context)
  terminal.progress(`Sending: ${doing} …`)
  if (first) await patiently(terminal, desk.staking.send(first, { doing }))
  const mined = await patiently(terminal, desk.staking.send(call, { doing, value }))
  const counts = typeof isChange === 'function' ? await isChange() : isChange
  terminal.progress(null)
  const { epochBlocks } = desk.staking.parameters
  const from = counts ? effectiveFrom(mined.blockNumber, epochBlocks) : null
  const { events, amounts } = eventsOf(mined)
  terminal.document({
    ...{ doing, sender: desk.sender, transactionHash: mined.transactionHash },
    ...{ blockNumber: mined.blockNumber, feeWei: mined.feeWei, effectiveFromBlock: from },
    ...{ ...amounts, events },
  })
  const facts: [string, string][] = [
    ['Sent', `${mined.transactionHash}  block ${formatCount(mined.blockNumber)}`],
    ['Fee', `${formatCoin(mined.feeWei)} coins`],
    ...Object.entries(amounts).map(([name, wei]): [string, string] => [
      `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
      name === 'proposal' ? String(wei) : `${formatCoin(wei)} coins`,
    ]),
    ...(from === null
      ? []
      : [['Counts', `from block ${formatCount(from)} on`] satisfies [string, string]]),
  ]
  for (const line of renderFacts(facts)) terminal.line(line)
  if (counts && until) terminal.line(until)
}

/** Gas of the costliest act, at prices far above what a chain of one's own asks. */
const gasReserve = 10n ** 15n

/** @throws CodedError `FUNDS_TOO_LOW`, before anything is asked or sent */
async function assertOwned({ ledger, sender }: Desk, value: bigint): Promise<void> {
  if (sender === null) return
  const owned = await ledger.client.getBalance({ address: sender })
  if (owned >= value + gasReserve) return
  const needed = value === 0n ? 'some for gas' : `${formatCoin(value, 18)} and some for gas`
  throw cliError(
    'COINS_TOO_LOW',
    `${sender} owns ${formatCoin(owned)} coins and needs ${needed}: nothing was sent`,
  )
}

async function askToGoOn({ terminal }: Context): Promise<void> {
  if (!terminal.interactive) return
  const answer = await confirm({ message: 'Go on?', output: process.stderr })
  if (isCancel(answer) || !answer) throw cliError('INTERRUPTED', 'Nothing was sent')
}

/** What the contract's events tell: their names, and the amounts that matter to a person. */
function eventsOf({ logs }: Mined): { events: string[]; amounts: Record<string, bigint> } {
  const events: string[] = []
  const amounts: Record<string, bigint> = {}
  for (const { data, topics, address } of logs) {
    if (address.toLowerCase() !== stakingContract.address) continue
    const event = decodeEventLog({ abi: stakingContract.abi, data, topics: [...topics] as never })
    events.push(event.eventName)
    if (event.eventName === 'Withdrawn') amounts.withdrawn = event.args.amount
    if (event.eventName === 'RewardsPaid') amounts.paid = event.args.amount
    if (event.eventName === 'Proposed') amounts.proposal = event.args.proposal
  }
  return { events, amounts }
}
