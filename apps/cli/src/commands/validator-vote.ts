import type { Hex } from '@quoin/kernel'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCount } from '../output/amounts.ts'
import { renderTable } from '../output/table.ts'
import { act } from '../staking/act.ts'
import { type Desk, openDesk } from '../staking/signer.ts'
import type { ProposalRecord } from '../staking/staking.ts'

/** Proposes a validator's power to the members, and votes for it. */
export async function proposeValidator(
  context: Context,
  options: { yes: boolean; validator: Hex; power: number },
): Promise<void> {
  const { validator, power } = options
  await act(context, options, async (desk) => {
    const member = memberOf(desk)
    await desk.staking.validator(validator)
    const what =
      power === 0 ? `takes ${validator} off the list` : `gives ${validator} a power of ${power}`
    return {
      call: { functionName: 'propose', args: [member, validator, BigInt(power)] },
      doing: 'propose a validator',
      isChange: () => hasPassed(desk, validator, power),
      says: [
        `Proposes what ${what}, and votes for it as ${member}.`,
        'It passes with the votes of more than two thirds of the power.',
      ],
    }
  })
}

export async function voteOnProposal(
  context: Context,
  options: { yes: boolean; proposal: number },
): Promise<void> {
  await act(context, options, async (desk) => {
    const member = memberOf(desk)
    const found = (await desk.staking.proposals()).find(({ id }) => id === options.proposal)
    if (!found) throw cliError('NOT_FOUND', `There is no proposal ${options.proposal}`)
    if (!found.isOpen) throw cliError('REFUSED', `Proposal ${found.id} is over: ${stateOf(found)}`)
    return {
      call: { functionName: 'vote', args: [BigInt(found.id), member] },
      doing: `vote for proposal ${found.id}`,
      isChange: async () => (await desk.staking.proposals())[found.id]?.isDone === true,
      says: [`Votes as ${member} for: ${describe(found)}.`],
    }
  })
}

export async function listProposals(context: Context): Promise<void> {
  await using desk = await openDesk(context, { writes: false })
  refuseOthers(desk)
  const proposals = await desk.staking.proposals()
  const { terminal } = context
  terminal.document({ proposals: proposals.map((one) => ({ ...one, state: stateOf(one) })) })
  if (proposals.length === 0) return terminal.line('There are no proposals yet.')
  const rows = proposals.map((one) => [
    String(one.id),
    describe(one),
    one.isOpen
      ? `${formatCount(one.powerFor)} of ${formatCount(one.totalPower)}`
      : formatCount(one.powerFor),
    stateOf(one),
  ])
  const columns = [
    { title: 'No.', align: 'right' as const },
    { title: 'Proposal' },
    { title: 'For', align: 'right' as const },
    { title: 'State' },
  ]
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

/** A member alone passes what it proposes. */
async function hasPassed({ staking }: Desk, validator: Hex, power: number): Promise<boolean> {
  const newest = (await staking.proposals()).findLast((one) => one.validator === validator)
  return newest?.isDone === true && newest.power === BigInt(power)
}

function memberOf(desk: Desk): Hex {
  refuseOthers(desk)
  if (desk.ownValidator !== null) return desk.ownValidator
  throw cliError('KEYS_MISSING', 'The data folder has no validator key to vote for')
}

function refuseOthers({ staking }: Desk): void {
  if (staking.policy !== 'authority')
    throw cliError(
      'REFUSED',
      `On this chain stake decides who validates, not votes: its policy is ${staking.policy}`,
    )
}

function describe({ validator, power }: ProposalRecord): string {
  return power === 0n ? `take ${validator} off` : `${validator} with power ${power}`
}

function stateOf({ isDone, isOpen }: ProposalRecord): string {
  if (isDone) return 'passed'
  return isOpen ? 'open' : 'void'
}
