import type { Hex } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCoin } from '../output/amounts.ts'
import { act } from '../staking/act.ts'
import { type Desk, openOwnKeys, registrationOf } from '../staking/signer.ts'
import type { Staking } from '../staking/staking.ts'

interface Asking {
  /** Goes on without asking. */
  yes: boolean
}

/** Registers the validator of the data folder's key. */
export async function registerValidator(
  context: Context,
  options: Asking & { stake: bigint | null; commissionBps: number },
): Promise<void> {
  const keys = await openOwnKeys(context)
  await act(context, options, async ({ staking, chainId, sender }) => {
    if (sender === null) throw new Error('A desk for writing has a sender')
    await refuseRegistered(staking, privateKeyToAddress(keys.validator))
    const registration = registrationOf(keys.validator, { chainId, operator: sender })
    const { validator, blsKey, possession, consent } = registration
    const { commissionBps } = options
    const isStaked = staking.policy !== 'authority'
    if (!isStaked && options.stake !== null)
      throw cliError('USAGE', 'On this chain members vote and nothing is staked: leave out --stake')
    const stake = isStaked ? (options.stake ?? staking.parameters.minimumStake) : 0n
    const args = [validator, blsKey, possession, consent, commissionBps] as const
    return {
      call: { functionName: 'register', args },
      doing: 'register a validator',
      value: stake,
      isChange: isStaked,
      says: [
        `Registers the validator ${validator}; ${sender} answers for it.`,
        isStaked
          ? `Stakes ${formatCoin(stake)} coins. A contradiction signed with its key loses a part of them.`
          : 'Members then vote on it: `quoin validator propose`, and `vote`.',
        `Of its rewards ${commissionBps / 100} % is commission, and that never changes.`,
      ],
    }
  })
}

/** @throws CodedError `REFUSED` when the key has registered before */
async function refuseRegistered(staking: Staking, validator: Hex): Promise<void> {
  const found = (await staking.validators()).find((one) => one.validator === validator)
  if (!found) return
  const more =
    staking.policy === 'authority'
      ? 'a member proposes its power'
      : '`quoin validator bond` adds stake'
  throw cliError('REFUSED', `${validator} is registered already and ${found.state}: ${more}`)
}

/** Adds stake: to the own validator, or a delegate's. */
export async function bondStake(
  context: Context,
  options: Asking & { validator: Hex | null; wei: bigint },
): Promise<void> {
  await act(context, options, async (desk) => {
    refuseAuthority(desk)
    const validator = await named(desk, options.validator)
    return {
      call: { functionName: 'bond', args: [validator] },
      doing: 'add stake',
      value: options.wei,
      isChange: true,
      says: [
        `Adds ${formatCoin(options.wei)} coins to the stake of ${validator}.`,
        'They answer for what it signs, and come back by unbonding only.',
      ],
    }
  })
}

/** Begins to take stake out. */
export async function unbondStake(
  context: Context,
  options: Asking & { validator: Hex | null; wei: bigint | null },
): Promise<void> {
  await act(context, options, async (desk) => {
    refuseAuthority(desk)
    const validator = await named(desk, options.validator)
    const { wei } = options
    return {
      call: { functionName: 'unbond', args: [validator, wei ?? 2n ** 128n - 1n] },
      doing: 'unbond stake',
      isChange: true,
      says: [
        `Takes ${wei === null ? 'all your stake' : `${formatCoin(wei)} coins`} out of ${validator}.`,
        'After the unbonding period `quoin validator withdraw` fetches them; until then they answer',
        'for what it signed.',
      ],
      ...(options.validator === null && {
        until: 'Keep its node running until then: a validator that is silent is jailed.',
      }),
    }
  })
}

/** Moves delegated stake from one validator to another. */
export async function redelegateStake(
  context: Context,
  options: Asking & { from: Hex; to: Hex; wei: bigint },
): Promise<void> {
  const { from, to, wei } = options
  await act(context, options, async ({ staking }) => {
    if (staking.policy !== 'delegated')
      throw cliError(
        'REFUSED',
        `Stake moves from one validator to another on chains with the policy delegated; this one has the policy ${staking.policy}`,
      )
    await staking.validator(from)
    await staking.validator(to)
    return {
      call: { functionName: 'redelegate', args: [from, to, wei] },
      doing: 'move stake',
      isChange: true,
      says: [
        `Moves ${formatCoin(wei)} coins of stake from ${from} to ${to}.`,
        'For an unbonding period they answer for both, and cannot move again.',
      ],
    }
  })
}

/** Fetches stake whose unbonding is over. */
export async function withdrawStake(context: Context, options: Asking): Promise<void> {
  await act(context, options, async ({ ledger, sender, staking }) => {
    const waiting = await staking.unbondingsOf(sender ?? '0x')
    const { number, timestamp } = await ledger.client.getBlock()
    const ripe = waiting.filter(
      ({ afterBlock, afterTime }) => number >= afterBlock && timestamp > afterTime,
    )
    if (ripe.length === 0)
      throw cliError('REFUSED', waiting.length === 0 ? 'No stake is unbonding' : nextOf(waiting))
    const amount = ripe.reduce((total, entry) => total + entry.amount, 0n)
    return {
      call: { functionName: 'withdraw' },
      doing: 'withdraw stake',
      says: [`Fetches ${formatCoin(amount)} coins whose unbonding is over.`],
    }
  })
}

function nextOf(waiting: readonly { amount: bigint; afterBlock: bigint; afterTime: bigint }[]) {
  const [next] = waiting.toSorted((a, b) => Number(a.afterTime - b.afterTime))
  if (!next) return 'No stake is unbonding'
  const when = new Date(Number(next.afterTime) * 1000).toISOString().slice(0, 16)
  return `Unbonding is not over: ${formatCoin(next.amount)} coins can be fetched after ${when.replace('T', ' ')}Z and block ${next.afterBlock}`
}

/** Brings a validator back that was absent, when its time in jail is over. */
export async function unjailValidator(context: Context, options: Asking): Promise<void> {
  await act(context, options, async (desk) => {
    const validator = await named(desk, null)
    const { state, jailedUntil } = await desk.staking.validator(validator)
    if (state !== 'jailed') throw cliError('REFUSED', `${validator} is not in jail: it is ${state}`)
    if (jailedUntil * 1000 > Date.now())
      throw cliError(
        'REFUSED',
        `${validator} may come back from ${new Date(jailedUntil * 1000).toISOString().slice(0, 19)}Z on`,
      )
    return {
      call: { functionName: 'unjail', args: [validator] },
      doing: 'leave jail',
      isChange: true,
      says: [`Brings ${validator} back. See that its node runs and has caught up first.`],
    }
  })
}

/** Shares what a validator earned, and pays the sender its part. */
export async function collectRewards(
  context: Context,
  options: Asking & { validator: Hex | null },
): Promise<void> {
  await act(context, options, async (desk) => {
    const validator = await named(desk, options.validator)
    return {
      first: { functionName: 'collect', args: [validator] },
      call: { functionName: 'claim', args: [[validator]] },
      doing: 'collect rewards',
      says: [`Shares the rewards of ${validator}, and pays your part to ${desk.sender}.`],
    }
  })
}

/** The validator that was named, else the data folder's. @throws CodedError `NOT_FOUND`, `KEYS_MISSING` */
export async function named({ staking, ownValidator }: Desk, given: Hex | null): Promise<Hex> {
  const validator = given ?? ownValidator
  if (validator === null)
    throw cliError(
      'KEYS_MISSING',
      'The data folder has no validator key, and no validator was named',
    )
  await staking.validator(validator)
  return validator
}

function refuseAuthority({ staking }: Desk): void {
  if (staking.policy === 'authority')
    throw cliError(
      'REFUSED',
      'On this chain members vote and nothing is staked: `quoin validator propose`, and `vote`',
    )
}
