import type { ExecutionLayer, ExecutionPayload } from '@quoin/engine'
import { bigintToHex, bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'

/** What an execution layer keeps over a crash. */
export interface ExecutionDisk {
  genesisHash: Hex
  /** Canonical payloads from block 1 on. */
  payloads: ExecutionPayload[]
}

/**
 * The Engine API over a list of payloads without an EVM: for simulations of consensus. Its state is the
 * list of all transactions, of which each counts once, as with nonces.
 */
export interface MemoryExecution extends ExecutionLayer {
  add(transaction: Hex): void
}

/** What goes wrong here, as if an execution client had died or had a bug. */
export interface ExecutionFaults {
  /** Asked before each call that runs or takes a block. @throws whatever the call is to reject with */
  beforeBlock?(): void
}

const zeros = (bytes: number): Hex => `0x${'00'.repeat(bytes)}`
const valid = (hash: Hex) =>
  ({ status: 'VALID', latestValidHash: hash, validationError: null }) as const

export function openMemoryExecution(
  disk: ExecutionDisk,
  faults: ExecutionFaults = {},
): MemoryExecution {
  const pool = new Set<Hex>()
  const included = new Set(disk.payloads.flatMap(({ transactions }) => transactions))
  const waiting = new Set<() => void>()
  const candidates = new Map<Hex, ExecutionPayload>()
  const built = new Map<Hex, ExecutionPayload>()
  const head = () => disk.payloads.at(-1)
  const headHash = () => head()?.blockHash ?? disk.genesisHash
  const stateRoot = () => head()?.stateRoot ?? disk.genesisHash

  const take = (payload: ExecutionPayload) => {
    disk.payloads.push(payload)
    candidates.clear()
    for (const transaction of payload.transactions) {
      pool.delete(transaction)
      included.add(transaction)
    }
  }

  return {
    add(transaction) {
      if (included.has(transaction)) return
      pool.add(transaction)
      for (const wake of waiting) wake()
    },
    async head() {
      const { blockNumber: number = '0x0', timestamp = '0x0' } = head() ?? {}
      return { hash: headHash(), number, timestamp, genesisHash: disk.genesisHash } as const
    },
    async pendingTransactions({ signal }) {
      if (pool.size > 0) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const stop = () => reject(signal.reason)
      waiting.add(resolve)
      signal.addEventListener('abort', stop, { once: true })
      await promise.finally(() => {
        waiting.delete(resolve)
        signal.removeEventListener('abort', stop)
      })
    },
    async forkchoiceUpdated({ headBlockHash }, attributes) {
      const candidate = candidates.get(headBlockHash)
      if (headBlockHash !== headHash()) {
        faults.beforeBlock?.()
        if (candidate?.parentHash !== headHash())
          throw new CodedError('UNKNOWN_HEAD', `No candidate ${headBlockHash} on ${headHash()}`)
        take(candidate)
      }
      if (!attributes) return { payloadStatus: valid(headBlockHash), payloadId: null }
      const payload = seal(
        {
          parentHash: headBlockHash,
          feeRecipient: attributes.suggestedFeeRecipient,
          prevRandao: attributes.prevRandao,
          timestamp: attributes.timestamp,
          blockNumber: bigintToHex(disk.payloads.length + 1),
          transactions: [...pool],
          withdrawals: attributes.withdrawals,
        },
        stateRoot(),
      )
      built.set(payload.blockHash, payload)
      return { payloadStatus: valid(headBlockHash), payloadId: payload.blockHash }
    },
    async getPayload(payloadId) {
      const executionPayload = built.get(payloadId)
      if (!executionPayload) throw new CodedError('UNKNOWN_PAYLOAD', `No payload ${payloadId}`)
      return { executionPayload, blockValue: '0x0', executionRequests: [] }
    },
    async newPayload(payload) {
      faults.beforeBlock?.()
      const { transactions } = payload
      const isValid =
        payload.parentHash === headHash() &&
        seal(payload, stateRoot()).blockHash === payload.blockHash &&
        new Set(transactions).size === transactions.length &&
        !transactions.some((transaction) => included.has(transaction))
      if (!isValid)
        return {
          status: 'INVALID',
          latestValidHash: headHash(),
          validationError: 'not on our head, not its own hash, or a transaction twice',
        }
      candidates.set(payload.blockHash, payload)
      return valid(payload.blockHash)
    },
    async call() {
      return { isSuccess: false, data: '0x' }
    },
    async [Symbol.asyncDispose]() {},
  }
}

type Content = Pick<
  ExecutionPayload,
  | 'parentHash'
  | 'feeRecipient'
  | 'prevRandao'
  | 'timestamp'
  | 'blockNumber'
  | 'transactions'
  | 'withdrawals'
>

function seal(content: Content, parentState: Hex): ExecutionPayload {
  const { parentHash, feeRecipient, prevRandao, timestamp, blockNumber } = content
  const { transactions, withdrawals } = content
  const paid = withdrawals.map(({ index, address, amount }) => `${index}:${address}:${amount}`)
  const stateRoot = hashText([parentState, ...transactions, ...paid])
  const fields = [parentHash, feeRecipient, prevRandao, timestamp, blockNumber, stateRoot]
  return {
    parentHash,
    feeRecipient,
    prevRandao,
    timestamp,
    blockNumber,
    transactions,
    withdrawals,
    stateRoot,
    blockHash: hashText([...fields, ...transactions, ...paid]),
    receiptsRoot: zeros(32),
    logsBloom: zeros(256),
    gasLimit: '0x3938700',
    gasUsed: '0x0',
    extraData: '0x',
    baseFeePerGas: '0x7',
    blobGasUsed: '0x0',
    excessBlobGas: '0x0',
  }
}

function hashText(parts: readonly string[]): Hex {
  return bytesToHex(keccak256(new TextEncoder().encode(parts.join('/'))))
}
