import { predeployAddresses, stakingAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import type { Ledger, Mined } from '@quoin/ledger'
import { type EncodeFunctionDataParameters, encodeFunctionData } from 'viem'
import { cliError } from '../exit-codes.ts'

type StakingPolicy = 'authority' | 'stake' | 'delegated'

const policies = [null, 'authority', 'stake', 'delegated'] as const

/** Someone who validates, wants to, or did. Stakes are wei. */
export interface ValidatorRecord {
  validator: Hex
  operator: Hex
  /** seated: one of those with the most power. waiting: less, or not voted in. */
  state: 'seated' | 'waiting' | 'jailed' | 'convicted'
  power: bigint
  stake: bigint
  commissionBps: number
  /** Seconds since 1970; 0 when not jailed. */
  jailedUntil: number
}

/** A change of the list that members vote on; power zero takes the validator off it. */
export interface ProposalRecord {
  id: number
  validator: Hex
  power: bigint
  isDone: boolean
  isOpen: boolean
  powerFor: bigint
  totalPower: bigint
}

/** Stake on its way out: fetched after both. */
interface UnbondingRecord {
  validator: Hex
  amount: bigint
  afterBlock: bigint
  afterTime: bigint
}

/** The Staking contract of a chain, as `quoin validator` speaks of it. */
export interface Staking {
  readonly policy: StakingPolicy
  readonly parameters: { epochBlocks: number; seats: number; minimumStake: bigint }
  validators(): Promise<ValidatorRecord[]>
  /** @throws CodedError `NOT_FOUND` when nobody registered it */
  validator(address: Hex): Promise<ValidatorRecord>
  proposals(): Promise<ProposalRecord[]>
  unbondingsOf(holder: Hex): Promise<UnbondingRecord[]>
  /** Wei that `claim` would pay the holder for a validator, besides what it is owed already. */
  rewardsOf(validator: Hex, holder: Hex): Promise<bigint>
  /** Sends a call from the ledger's account. @throws CodedError as `Sender.send` */
  send(order: StakingCall, options: { doing: string; value?: bigint }): Promise<Mined>
}

/** A function of the contract with its arguments. */
export type StakingCall = Omit<EncodeFunctionDataParameters<typeof stakingAbi>, 'abi'>

export const stakingContract = { address: predeployAddresses.staking, abi: stakingAbi } as const

/** @throws CodedError `NO_STAKING` on a chain whose validators are fixed */
export async function openStaking(ledger: Ledger): Promise<Staking> {
  const { client } = ledger
  await ledger.checkChain()
  const code = await client.getCode({ address: stakingContract.address })
  const parameters = code
    ? await client.readContract({ ...stakingContract, functionName: 'parameters' })
    : null
  const policy = policies[parameters?.policy ?? 0] ?? null
  if (policy === null || parameters === null)
    throw cliError(
      'NO_STAKING',
      'This chain has no Staking contract: with proof of work anyone mines, else its genesis fixes the validators',
    )
  const { epochBlocks, seats, minimumStake } = parameters
  const read = async (): Promise<ValidatorRecord[]> => {
    const [addresses, [seated, powers]] = await Promise.all([
      readAll((from) => client.readContract({ ...stakingContract, ...pageFrom(from) })),
      client.readContract({ ...stakingContract, functionName: 'validatorSet' }),
    ])
    const powerOf = new Map(seated.map((address, at) => [lower(address), powers[at] ?? 0n]))
    return Promise.all(
      addresses.map(async (address) => {
        const args = [address] as const
        const entry = await client.readContract({
          ...stakingContract,
          functionName: 'validatorOf',
          args,
        })
        const power = powerOf.get(lower(address))
        return {
          validator: lower(address),
          operator: lower(entry.operator),
          state: stateOf(entry, power !== undefined),
          power: power ?? 0n,
          stake: entry.stake,
          commissionBps: entry.commissionBps,
          jailedUntil: Number(entry.jailedUntil),
        }
      }),
    )
  }
  return {
    policy,
    parameters: { epochBlocks, seats, minimumStake },
    validators: read,
    async validator(address) {
      const found = (await read()).find(({ validator }) => validator === address)
      if (found) return found
      throw cliError('NOT_FOUND', `Nobody registered a validator ${address} on this chain`)
    },
    async proposals() {
      const count = Number(
        await client.readContract({ ...stakingContract, functionName: 'proposalCount' }),
      )
      return Promise.all(
        Array.from({ length: count }, async (_, id) => {
          const [content, isOpen, powerFor, totalPower] = await client.readContract({
            ...stakingContract,
            functionName: 'proposalAt',
            args: [BigInt(id)],
          })
          const { validator, power, isDone } = content
          return { id, validator: lower(validator), power, isDone, isOpen, powerFor, totalPower }
        }),
      )
    },
    async unbondingsOf(holder) {
      const list = await client.readContract({
        ...stakingContract,
        functionName: 'unbondingsOf',
        args: [holder],
      })
      return list.map(({ validator, amount, afterBlock, afterTime }) => ({
        ...{ validator: lower(validator), amount, afterBlock, afterTime },
      }))
    },
    rewardsOf: (validator, holder) =>
      client.readContract({
        ...stakingContract,
        functionName: 'rewardsOf',
        args: [validator, holder],
      }),
    async send(order, { doing, value = 0n }) {
      const data = encodeCall(order)
      const receipt = await ledger.sender.send({ to: stakingContract.address, data, value, doing })
      const { transactionHash, blockNumber, gasUsed, effectiveGasPrice, logs } = receipt
      return { transactionHash, blockNumber, gasUsed, feeWei: gasUsed * effectiveGasPrice, logs }
    },
  }
}

function encodeCall(order: StakingCall): Hex {
  const request: EncodeFunctionDataParameters = { abi: stakingAbi, ...order }
  return encodeFunctionData(request)
}

const pageSize = 100n

const pageFrom = (from: bigint) => ({ functionName: 'registered', args: [from, pageSize] }) as const

async function readAll(read: (from: bigint) => Promise<readonly Hex[]>): Promise<Hex[]> {
  const all: Hex[] = []
  for (;;) {
    const page = await read(BigInt(all.length))
    all.push(...page)
    if (BigInt(page.length) < pageSize) return all
  }
}

function stateOf(
  entry: { isTombstoned: boolean; jailedUntil: number | bigint },
  isSeated: boolean,
): ValidatorRecord['state'] {
  if (entry.isTombstoned) return 'convicted'
  if (BigInt(entry.jailedUntil) > 0n) return 'jailed'
  return isSeated ? 'seated' : 'waiting'
}

function lower(address: Hex): Hex {
  return `0x${address.slice(2).toLowerCase()}`
}

/** The first block in which a change made in `block` is in the validators: two epochs on. */
export function effectiveFrom(block: bigint, epochBlocks: number): bigint {
  const length = BigInt(epochBlocks)
  const epoch = (block === 0n ? 0n : block - 1n) / length
  return (epoch + 2n) * length + 1n
}
