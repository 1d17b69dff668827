import { bytesToHex, type Hex, hexToBytes, Scope } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import { createLedger } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { privateKeyToAccount } from 'viem/accounts'
import { cliError } from '../exit-codes.ts'
import { registrationOf } from '../staking/signer.ts'
import { effectiveFrom, openStaking, type Staking } from '../staking/staking.ts'
import { type NetworkFile, type NetworkNode, pathsOf } from './layout.ts'

const coin = 10n ** 18n
/** For gas, besides what is staked. */
const pocketMoney = 100n * coin

export interface Seated {
  policy: Staking['policy']
  /** The first block that it decides. */
  effectiveFromBlock: bigint
}

/**
 * Makes a node of a network on this host a validator by the rules of its chain: with coins of the development
 * account it registers and stakes; where members vote, those of this host vote for it.
 * @throws CodedError `REFUSED` when the keys of this host have not the votes, and those of transactions
 */
export async function seatNode(options: {
  dir: string
  network: NetworkFile
  node: NetworkNode
  rpcUrl: string
  password: string | undefined
  onProgress: (step: string) => void
}): Promise<Seated> {
  const { dir, network, node, rpcUrl, password, onProgress } = options
  const { openNodeKeys } = await import('@quoin/node/setup')
  const keyOf = async (id: number) =>
    (await openNodeKeys(pathsOf(dir).nodeDir(id), password)).validator
  await using scope = new Scope()
  const desks = { rpcUrl, chainId: network.chainId, scope }
  const key = await keyOf(node.id)
  const rich = await openActor(desks, hexToBytes(developmentAccount.privateKey))
  const { policy, parameters } = rich.staking
  const stake = policy === 'authority' ? 0n : 2n * parameters.minimumStake
  onProgress('giving it coins')
  await rich.ledger.transferNative(node.validator, stake + pocketMoney)
  onProgress('registering it')
  const own = await openActor(desks, key)
  const registration = registrationOf(key, { chainId: network.chainId, operator: own.address })
  const { validator, blsKey, possession, consent } = registration
  const args = [validator, blsKey, possession, consent, 0] as const
  const order = { doing: 'register a validator', value: stake }
  let { blockNumber } = await own.staking.send({ functionName: 'register', args }, order)
  if (policy === 'authority') {
    onProgress('voting for it')
    const voters: Actor[] = []
    for (const { id, validator: member } of network.nodes)
      if (
        (await rich.staking.validators()).some((one) => one.validator === member && isSeated(one))
      )
        voters.push(await openActor(desks, await keyOf(id)))
    blockNumber = await voteIn(voters, validator)
  }
  return { policy, effectiveFromBlock: effectiveFrom(blockNumber, parameters.epochBlocks) }
}

/** Whether the Staking contract has a seat for it, which counts two epochs later. */
export async function isToValidate(
  rpcUrl: string,
  { network, validator }: { network: NetworkFile; validator: Hex },
): Promise<boolean> {
  await using ledger = createLedger({ rpcUrl, chainId: network.chainId })
  const staking = await openStaking(ledger)
  return (await staking.validators()).some((one) => one.validator === validator && isSeated(one))
}

interface Actor {
  address: Hex
  ledger: ReturnType<typeof createLedger>
  staking: Staking
}

async function openActor(
  { rpcUrl, chainId, scope }: { rpcUrl: string; chainId: number; scope: Scope },
  key: Uint8Array,
): Promise<Actor> {
  const account = privateKeyToAccount(bytesToHex(key))
  const ledger = scope.own(createLedger({ rpcUrl, chainId, account }))
  return { address: privateKeyToAddress(key), ledger, staking: await openStaking(ledger) }
}

/** The block in which the vote passed. */
async function voteIn([first, ...others]: readonly Actor[], validator: Hex): Promise<bigint> {
  if (!first) throw cliError('REFUSED', 'No member of the list has its keys on this host')
  const id = BigInt((await first.staking.proposals()).length)
  const propose = { functionName: 'propose', args: [first.address, validator, 1n] } as const
  let { blockNumber } = await first.staking.send(propose, { doing: 'propose a validator' })
  for (const voter of others) {
    const proposal = (await first.staking.proposals())[Number(id)]
    if (proposal?.isDone) return blockNumber
    const vote = { functionName: 'vote', args: [id, voter.address] } as const
    blockNumber = (await voter.staking.send(vote, { doing: 'vote for a proposal' })).blockNumber
  }
  const proposal = (await first.staking.proposals())[Number(id)]
  if (proposal?.isDone) return blockNumber
  throw cliError('REFUSED', `Proposal ${id} needs the votes of members whose keys are elsewhere`)
}

function isSeated({ state }: { state: string }): boolean {
  return state === 'seated'
}
