import { type Command, InvalidArgumentError } from 'commander'
import {
  examples,
  type FlagName,
  parseAddress,
  parseCoins,
  parseCount,
  withFlags,
} from './flags.ts'
import { addKey } from './network-commands.ts'
import type { Run } from './run-program.ts'

const flags: FlagName[] = ['account', 'passwordFile', 'rpcUrl', 'dataDir', 'json']
type Hex = `0x${string}`

export function addValidator(program: Command, run: Run): void {
  const validator = program
    .command('validator')
    .description('become a validator, stake, delegate, vote; see who validates')
    .addHelpText(
      'after',
      `\nActs as the validator key of the data folder, or as --account.${examples([
        'validator list',
        'validator register --stake 2000 --commission 5',
        'validator delegate 0x12…ef 100 --account alice',
        'validator propose 0x12…ef 1',
        'validator vote 0',
      ])}`,
    )
  addKey(validator, run)
  addReading(validator, run)
  addRegister(validator, run)
  addStake(validator, run)
  addVotes(validator, run)
  addEarnings(validator, run)
}

/** A subcommand that sends: with the flags of all that do. */
function sending(parent: Command, name: string, description: string): Command {
  return withFlags(parent.command(name), flags)
    .description(description)
    .option('-y, --yes', 'do not ask', false)
}

function addReading(parent: Command, run: Run): void {
  withFlags(parent.command('list'), ['rpcUrl', 'dataDir', 'json'])
    .description('everyone who validates, wants to, or did')
    .action((given) =>
      run(given, async (context) =>
        (await import('./commands/validator-list.ts')).listValidators(context),
      ),
    )
  withFlags(parent.command('status'), ['rpcUrl', 'dataDir', 'json'])
    .description('one validator: state, power, stake, rewards')
    .argument('[validator]', 'its address (the data folder’s own)', toHex)
    .action((validator, given) =>
      run(given, async (context) =>
        (await import('./commands/validator-list.ts')).showValidator(context, {
          validator: validator ?? null,
        }),
      ),
    )
}

function addRegister(parent: Command, run: Run): void {
  sending(parent, 'register', 'register the validator of the data folder’s key')
    .option('--stake <coins>', 'its first stake (the least that the chain takes)', parseCoins)
    .option('--commission <percent>', 'of its rewards, before the rest is shared', parsePercent, 0)
    .action((given) =>
      run(given, async (context) =>
        (await import('./commands/validator-stake.ts')).registerValidator(context, {
          yes: given.yes,
          stake: given.stake ?? null,
          commissionBps: given.commission,
        }),
      ),
    )
}

function addStake(parent: Command, run: Run): void {
  const load = () => import('./commands/validator-stake.ts')
  sending(parent, 'bond', 'add stake to the own validator')
    .argument('<coins>', 'how much', parseSome)
    .action((wei, given) =>
      run(given, async (context) =>
        (await load()).bondStake(context, { ...given, validator: null, wei }),
      ),
    )
  sending(parent, 'delegate', 'vote for a validator with stake')
    .argument('<validator>', 'its address', toHex)
    .argument('<coins>', 'how much', parseSome)
    .action((validator, wei, given) =>
      run(given, async (context) =>
        (await load()).bondStake(context, { ...given, validator, wei }),
      ),
    )
  sending(parent, 'unbond', 'take stake out of the own validator; all of it, and it leaves')
    .argument('<coins>', 'how much, or all', parseSomeOrAll)
    .action((wei, given) =>
      run(given, async (context) =>
        (await load()).unbondStake(context, { ...given, validator: null, wei: wei.amount }),
      ),
    )
  sending(parent, 'undelegate', 'take stake out of a validator')
    .argument('<validator>', 'its address', toHex)
    .argument('<coins>', 'how much, or all', parseSomeOrAll)
    .action((validator, wei, given) =>
      run(given, async (context) =>
        (await load()).unbondStake(context, { ...given, validator, wei: wei.amount }),
      ),
    )
  sending(parent, 'redelegate', 'move stake from one validator to another')
    .argument('<from>', 'address of the one', toHex)
    .argument('<to>', 'address of the other', toHex)
    .argument('<coins>', 'how much', parseSome)
    .action((from, to, wei, given) =>
      run(given, async (context) =>
        (await load()).redelegateStake(context, { ...given, from, to, wei }),
      ),
    )
}

function addVotes(parent: Command, run: Run): void {
  const load = () => import('./commands/validator-vote.ts')
  sending(parent, 'propose', 'propose a validator to the members, and vote for it')
    .argument('<validator>', 'its address', toHex)
    .argument('<power>', 'its voting power; 0 takes it off', parsePower)
    .action((validator, power, given) =>
      run(given, async (context) =>
        (await load()).proposeValidator(context, { ...given, validator, power }),
      ),
    )
  sending(parent, 'vote', 'vote for a proposal')
    .argument('<proposal>', 'its number', parsePower)
    .action((proposal, given) =>
      run(given, async (context) => (await load()).voteOnProposal(context, { ...given, proposal })),
    )
  withFlags(parent.command('proposals'), ['rpcUrl', 'dataDir', 'json'])
    .description('what members vote on')
    .action((given) => run(given, async (context) => (await load()).listProposals(context)))
}

function addEarnings(parent: Command, run: Run): void {
  const load = () => import('./commands/validator-stake.ts')
  sending(parent, 'withdraw', 'fetch stake whose unbonding is over').action((given) =>
    run(given, async (context) => (await load()).withdrawStake(context, given)),
  )
  sending(parent, 'unjail', 'come back after absence').action((given) =>
    run(given, async (context) => (await load()).unjailValidator(context, given)),
  )
  sending(parent, 'collect', 'share out what a validator earned, and take your part')
    .argument('[validator]', 'its address (the data folder’s own)', toHex)
    .action((validator, given) =>
      run(given, async (context) =>
        (await load()).collectRewards(context, { ...given, validator: validator ?? null }),
      ),
    )
}

function toHex(text: string): Hex {
  return `0x${parseAddress(text).slice(2)}`
}

function parseSome(text: string): bigint {
  const wei = parseCoins(text)
  if (wei > 0n) return wei
  throw new InvalidArgumentError('Write an amount of coins above zero, such as 1.5.')
}

function parseSomeOrAll(text: string): { amount: bigint | null } {
  return { amount: text === 'all' ? null : parseSome(text) }
}

/** Basis points. */
function parsePercent(text: string): number {
  const basisPoints = Math.round(Number(text) * 100)
  if (basisPoints >= 0 && basisPoints <= 10_000) return basisPoints
  throw new InvalidArgumentError('Write a percentage from 0 to 100.')
}

function parsePower(text: string): number {
  return text === '0' ? 0 : parseCount(text)
}
