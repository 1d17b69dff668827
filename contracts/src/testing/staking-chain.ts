import type { Header } from '@quoin/execution'
import type { Validator } from '@quoin/headers'
import { type ContractFunctionArgs, toHex, toRlp } from 'viem'
import {
  type Hex,
  predeployAddresses,
  type StakingGenesis,
  stakingAbi,
  stakingGenesis,
} from '../index.ts'
import {
  type ContractChain,
  chainId,
  keyOf,
  openContractChain,
  type View,
  type Write,
} from './contract-chain.ts'

export { chainId, keyOf }

const contract = { address: predeployAddresses.staking, abi: stakingAbi }

/** A chain whose genesis has the Staking contract. */
export async function openStakingChain(staking: StakingGenesis, validators: readonly Validator[]) {
  return new StakingChain(await openContractChain(stakingGenesis(staking), validators))
}

/** Short words for calls of the Staking contract. */
export class StakingChain implements AsyncDisposable {
  readonly #chain: ContractChain

  constructor(chain: ContractChain) {
    this.#chain = chain
  }

  get head(): Header {
    return this.#chain.head
  }

  read<name extends View<typeof stakingAbi>>(
    functionName: name,
    args: ContractFunctionArgs<typeof stakingAbi, 'view' | 'pure', name>,
  ) {
    return this.#chain.read(contract, functionName, args)
  }

  /** From the account of a key; see `ContractChain.write`. */
  write<name extends Write<typeof stakingAbi>>(
    from: number,
    functionName: name,
    args: ContractFunctionArgs<typeof stakingAbi, 'nonpayable' | 'payable', name>,
    value = 0n,
  ): Promise<bigint> {
    return this.#chain.write(from, contract, functionName, args, value)
  }

  mine(parentBeaconBlockRoot?: Hex): Promise<void> {
    return this.#chain.mine(parentBeaconBlockRoot)
  }

  async [Symbol.asyncDispose]() {
    await this.#chain[Symbol.asyncDispose]()
  }
}

/** The RLP that a Prague header's hash is the hash of. */
export function encodeExecutionHeader(header: Header): Hex {
  const number = (value: bigint | undefined) => (value ? toHex(value) : '0x')
  const word = (value: Hex | undefined) => value ?? '0x'
  return toRlp([
    header.parentHash,
    header.sha3Uncles,
    header.miner,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    number(header.difficulty),
    number(header.number),
    number(header.gasLimit),
    number(header.gasUsed),
    number(header.timestamp),
    header.extraData,
    header.mixHash,
    header.nonce,
    number(header.baseFeePerGas),
    word(header.withdrawalsRoot),
    number(header.blobGasUsed),
    number(header.excessBlobGas),
    word(header.parentBeaconBlockRoot),
    word(header.requestsHash),
  ])
}
