import type { Hex } from '@quoin/kernel'
import type { Context } from '../context.ts'
import { formatCoin, formatCount } from '../output/amounts.ts'
import { describePolicy } from '../output/network.ts'
import { renderFacts, renderTable } from '../output/table.ts'
import type { Terminal } from '../output/terminal.ts'
import { openDesk } from '../staking/signer.ts'
import type { ValidatorRecord } from '../staking/staking.ts'
import { named } from './validator-stake.ts'

/** Everyone who validates, wants to, or did. */
export async function listValidators(context: Context): Promise<void> {
  await using desk = await openDesk(context, { writes: false })
  const { staking, ownValidator } = desk
  const validators = (await staking.validators()).sort(byPower)
  const { terminal } = context
  const { policy, parameters } = staking
  terminal.document({ policy, ...parameters, own: ownValidator, validators })
  const seated = validators.filter(({ state }) => state === 'seated').length
  terminal.line(
    `Validators by ${describePolicy(policy)}: ${seated} of ${parameters.seats} seats, epochs of ${formatCount(parameters.epochBlocks)} blocks`,
  )
  terminal.line()
  for (const line of validatorLines(validators, terminal, ownValidator)) terminal.line(line)
  terminal.line()
  terminal.line(
    terminal.style(
      'dim',
      'Changes count two epochs later; quoin chain status shows who decides now.',
    ),
  )
}

function byPower(a: ValidatorRecord, b: ValidatorRecord): number {
  if (a.power !== b.power) return a.power > b.power ? -1 : 1
  return a.validator < b.validator ? -1 : 1
}

const right = 'right' as const
const columns = [
  { title: 'Validator' },
  { title: 'State' },
  { title: 'Power', align: right },
  { title: 'Stake', align: right },
  { title: 'Commission', align: right },
]

const styles = { seated: 'green', waiting: 'dim', jailed: 'yellow', convicted: 'red' } as const

function validatorLines(
  validators: readonly ValidatorRecord[],
  terminal: Terminal,
  own: Hex | null,
): string[] {
  const rows = validators.map(({ validator, state, power, stake, commissionBps }) => [
    `${validator}${validator === own ? ' (own)' : ''}`,
    terminal.style(styles[state], state),
    formatCount(power),
    formatCoin(stake),
    `${commissionBps / 100} %`,
  ])
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}

/** One validator, and what the data folder's account has in it. */
export async function showValidator(
  context: Context,
  options: { validator: Hex | null },
): Promise<void> {
  await using desk = await openDesk(context, { writes: false })
  const { staking, ownValidator } = desk
  const record = await staking.validator(await named(desk, options.validator))
  const holder = ownValidator ?? record.operator
  const [rewards, unbondings] = await Promise.all([
    staking.rewardsOf(record.validator, holder),
    staking.unbondingsOf(holder),
  ])
  const { terminal } = context
  terminal.document({ ...record, policy: staking.policy, holder, rewards, unbondings })
  const facts: [string, string][] = [
    ['Validator', record.validator],
    ['Operator', record.operator],
    ['State', terminal.style(styles[record.state], record.state)],
    ['Power', formatCount(record.power)],
    ...(staking.policy === 'authority'
      ? []
      : [['Stake', `${formatCoin(record.stake)} coins`] satisfies [string, string]]),
    ['Commission', `${record.commissionBps / 100} %`],
    ['Rewards', `${formatCoin(rewards)} coins for ${holder}`],
    ...unbondings.map(({ amount, afterTime, afterBlock }): [string, string] => [
      'Unbonding',
      `${formatCoin(amount)} coins, after ${new Date(Number(afterTime) * 1000).toISOString().slice(0, 16)}Z and block ${formatCount(afterBlock)}`,
    ]),
  ]
  if (record.jailedUntil > 0)
    facts.push([
      'Jailed',
      `until ${new Date(record.jailedUntil * 1000).toISOString().slice(0, 19)}Z`,
    ])
  for (const line of renderFacts(facts, { styleLabel: (text) => terminal.style('dim', text) }))
    terminal.line(line)
}
