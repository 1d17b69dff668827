import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGenesis } from '@quoin/chain'
import { type Execution, type Header, openExecution } from '@quoin/execution'
import type { Validator } from '@quoin/headers'
import { bytesToHex } from '@quoin/kernel'
import {
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  hexToBytes,
  toHex,
  toRlp,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  type Hex,
  predeployAddresses,
  type StakingGenesis,
  stakingAbi,
  stakingGenesis,
} from '../index.ts'

export const chainId = 31402
type View = ContractFunctionName<typeof stakingAbi, 'view' | 'pure'>
type Write = ContractFunctionName<typeof stakingAbi, 'nonpayable' | 'payable'>

/** The 32-byte key that is this number throughout. */
export function keyOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number)
}

/**
 * Our execution client on a genesis with the Staking contract, and steps that consensus would take. The
 * accounts of keys 1 to 9 hold coins.
 */
export async function openStakingChain(staking: StakingGenesis, validators: readonly Validator[]) {
  const path = await mkdtemp(join(tmpdir(), 'quoin-staking-'))
  const funds = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => [
    privateKeyToAccount(bytesToHex(keyOf(number))).address,
    { balance: toHex(10n ** 24n) },
  ])
  const alloc = { ...stakingGenesis(staking), ...Object.fromEntries(funds) }
  const genesis = createGenesis({ chainId, timestamp: 1_800_000_000, alloc, validators })
  const execution = await openExecution({ genesis, dataDir: path })
  return new StakingChain(execution, path)
}

export class StakingChain implements AsyncDisposable {
  readonly execution: Execution
  readonly #path: string
  readonly #nonces = new Map<number, number>()

  constructor(execution: Execution, path: string) {
    this.execution = execution
    this.#path = path
  }

  get head(): Header {
    return this.execution.blocks.head
  }

  async read<name extends View>(
    functionName: name,
    args: ContractFunctionArgs<typeof stakingAbi, 'view' | 'pure', name>,
  ): Promise<ContractFunctionReturnType<typeof stakingAbi, 'view' | 'pure', name>> {
    const input = encodeFunctionData({ abi: stakingAbi, functionName, args } as never)
    const result = await this.execution.call(
      { to: predeployAddresses.staking, input },
      { blockHash: this.head.hash },
    )
    if (result.failure) throw new Error(`${functionName}: ${result.failure.message}`)
    return decodeFunctionResult({
      abi: stakingAbi,
      functionName,
      data: result.returnData,
    } as never) as never
  }

  /** Sends a call from the account of a key in a block of its own; gives its gas. @throws Error named after the contract's error */
  async write<name extends Write>(
    from: number,
    functionName: name,
    args: ContractFunctionArgs<typeof stakingAbi, 'nonpayable' | 'payable', name>,
    value = 0n,
  ): Promise<bigint> {
    const account = privateKeyToAccount(bytesToHex(keyOf(from)))
    const to = predeployAddresses.staking
    const data = encodeFunctionData({ abi: stakingAbi, functionName, args } as never)
    const request = { from: account.address.toLowerCase() as Hex, to, input: data, value }
    const { failure, returnData } = await this.execution.call(request, {
      blockHash: this.head.hash,
    })
    if (failure?.kind === 'revert')
      throw new Error(decodeErrorResult({ abi: stakingAbi, data: returnData }).errorName)
    const nonce = this.#nonces.get(from) ?? 0
    this.#nonces.set(from, nonce + 1)
    const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, gas: 3_000_000n }
    const transaction = { type: 'eip1559', chainId, nonce, to, data, value, ...fees } as const
    await this.execution.pool.add(hexToBytes(await account.signTransaction(transaction)))
    await this.mine()
    const [receipt] = (await this.execution.blocks.receipts(this.head.hash)) ?? []
    if (receipt?.status !== 1) throw new Error(`${functionName} failed in its block`)
    return receipt.gasUsed
  }

  /** A block after the head, whose parent consensus block has this id. */
  async mine(parentBeaconBlockRoot: Hex = `0x${'00'.repeat(32)}`): Promise<void> {
    const { engine } = this.execution
    const { payloadId } = await engine.forkchoiceUpdated(pointAt(this.head.hash), {
      timestamp: toHex(this.head.timestamp + 1n),
      prevRandao: `0x${'00'.repeat(32)}`,
      suggestedFeeRecipient: `0x${'fe'.repeat(20)}`,
      withdrawals: [],
      parentBeaconBlockRoot,
    })
    if (payloadId === null) throw new Error('No payload was prepared')
    const { executionPayload } = await engine.getPayload(payloadId)
    await engine.forkchoiceUpdated(pointAt(executionPayload.blockHash))
  }

  async [Symbol.asyncDispose]() {
    await this.execution[Symbol.asyncDispose]()
    await rm(this.#path, { recursive: true, force: true })
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

function pointAt(hash: Hex) {
  return { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash }
}
