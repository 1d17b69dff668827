import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ForkchoiceState, PayloadEnvelope, PayloadStatus } from '@quoin/engine'
import type { Hex } from '@quoin/kernel'
import { hexToBytes } from '@quoin/kernel'
import type { PrivateKeyAccount, TransactionSerializable } from 'viem'
import { zeroHash } from '../codec/bytes.ts'
import type { Execution, Header, Receipt } from '../interface.ts'
import { type ExecutionOptions, openExecution } from '../open-execution.ts'
import { chainId, createTestGenesis } from './test-genesis.ts'

export const miner: Hex = '0x00000000000000000000000000000000000000fe'

/** A temporary folder that goes away with the test. */
export async function createFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'quoin-execution-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** An execution client on a temporary folder, with the steps that a consensus layer would take. */
export async function openTestNode(options: Partial<ExecutionOptions> = {}) {
  await using opening = new AsyncDisposableStack()
  const dataDir = options.dataDir ?? opening.use(await createFolder()).path
  const genesis = createTestGenesis()
  const execution = opening.use(await openExecution({ genesis, ...options, dataDir }))
  const closing = opening.move()
  return Object.assign(new TestNode(execution), {
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  })
}

export class TestNode {
  readonly execution: Execution

  constructor(execution: Execution) {
    this.execution = execution
  }

  get head(): Header {
    return this.execution.blocks.head
  }

  async send(account: PrivateKeyAccount, fields: Partial<TransactionSerializable>): Promise<Hex> {
    return this.execution.pool.add(await sign(account, fields))
  }

  /** A payload on `parent`; `salt` makes different ones. */
  async build(parent: Header = this.head, salt = 0): Promise<PayloadEnvelope> {
    const { payloadId } = await this.execution.engine.forkchoiceUpdated(pointAt(this.head.hash), {
      timestamp: `0x${(parent.timestamp + 1n).toString(16)}`,
      prevRandao: `0x${salt.toString(16).padStart(64, '0')}`,
      suggestedFeeRecipient: miner,
      withdrawals: [],
      parentBeaconBlockRoot: zeroHash,
    })
    if (payloadId === null) throw new Error('No payload was prepared')
    return this.execution.engine.getPayload(payloadId)
  }

  async check({ executionPayload, executionRequests }: PayloadEnvelope): Promise<PayloadStatus> {
    return this.execution.engine.newPayload(executionPayload, [], zeroHash, executionRequests)
  }

  async setHead(hash: Hex): Promise<PayloadStatus> {
    return (await this.execution.engine.forkchoiceUpdated(pointAt(hash))).payloadStatus
  }

  /** Builds a block and makes it the head. */
  async mine(): Promise<{ header: Header; receipts: Receipt[] }> {
    const payload = await this.build()
    await this.setHead(payload.executionPayload.blockHash)
    const receipts = await this.execution.blocks.receipts(this.head.hash)
    return { header: this.head, receipts: receipts ?? [] }
  }

  async balance(address: Hex): Promise<bigint> {
    const state = await this.execution.state(this.head.hash)
    return (await state?.account(address.toLowerCase() as Hex))?.balance ?? 0n
  }
}

/** A signed EIP-1559 transaction, or what `fields` make of it. */
export async function sign(
  account: PrivateKeyAccount,
  fields: Partial<TransactionSerializable>,
): Promise<Uint8Array> {
  const transaction = {
    type: 'eip1559',
    chainId,
    nonce: 0,
    gas: 21_000n,
    maxFeePerGas: 10_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    value: 1n,
    ...(fields.data === undefined ? { to: miner } : {}),
    ...fields,
  } as TransactionSerializable
  return hexToBytes(await account.signTransaction(transaction))
}

function pointAt(hash: Hex): ForkchoiceState {
  return { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash }
}
