import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGenesis, validatorOf } from '@quoin/chain'
import { type Execution, type Header, openExecution } from '@quoin/execution'
import type { Validator } from '@quoin/headers'
import { bytesToHex } from '@quoin/kernel'
import {
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionReturnType,
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  hexToBytes,
  toHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { GenesisAccount, Hex } from '../index.ts'

export const chainId = 31402

export type View<abi extends Abi> = ContractFunctionName<abi, 'view' | 'pure'>
export type Write<abi extends Abi> = ContractFunctionName<abi, 'nonpayable' | 'payable'>

export interface Contract<abi extends Abi> {
  address: Hex
  abi: abi
}

/** The 32-byte key that is this number throughout. */
export function keyOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number)
}

/** Our execution client on a genesis; the accounts of keys 1 to 9 hold coins. */
export async function openContractChain(
  alloc: Record<Hex, GenesisAccount>,
  validators: readonly Validator[] = [validatorOf(keyOf(1))],
) {
  const path = await mkdtemp(join(tmpdir(), 'quoin-contracts-'))
  const funds = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => [
    privateKeyToAccount(bytesToHex(keyOf(number))).address,
    { balance: toHex(10n ** 24n) },
  ])
  const genesis = createGenesis({
    chainId,
    timestamp: 1_800_000_000,
    alloc: { ...alloc, ...Object.fromEntries(funds) },
    validators,
  })
  const execution = await openExecution({ genesis, dataDir: path })
  return new ContractChain(execution, path)
}

/** A chain, and the steps that consensus would take. */
export class ContractChain implements AsyncDisposable {
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

  async read<const abi extends Abi, name extends View<abi>>(
    { address, abi }: Contract<abi>,
    functionName: name,
    args: ContractFunctionArgs<abi, 'view' | 'pure', name>,
  ): Promise<ContractFunctionReturnType<abi, 'view' | 'pure', name>> {
    const input = encodeFunctionData({ abi, functionName, args } as never)
    const at = { blockHash: this.head.hash }
    const result = await this.execution.call({ to: address, input }, at)
    if (result.failure) throw new Error(`${functionName}: ${result.failure.message}`)
    return decodeFunctionResult({ abi, functionName, data: result.returnData } as never) as never
  }

  /**
   * Sends a call from the account of a key in a block of its own; gives its gas.
   * @throws Error named after the contract's error
   */
  async write<const abi extends Abi, name extends Write<abi>>(
    from: number,
    { address: to, abi }: Contract<abi>,
    functionName: name,
    args: ContractFunctionArgs<abi, 'nonpayable' | 'payable', name>,
    value = 0n,
  ): Promise<bigint> {
    const account = privateKeyToAccount(bytesToHex(keyOf(from)))
    const data = encodeFunctionData({ abi, functionName, args } as never)
    const request = { from: account.address.toLowerCase() as Hex, to, input: data, value }
    const at = { blockHash: this.head.hash }
    const { failure, returnData } = await this.execution.call(request, at)
    if (failure?.kind === 'revert')
      throw new Error(decodeErrorResult({ abi: abi as Abi, data: returnData }).errorName)
    const nonce = this.#nonces.get(from) ?? 0
    this.#nonces.set(from, nonce + 1)
    const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, gas: 10_000_000n }
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

function pointAt(hash: Hex) {
  return { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash }
}
