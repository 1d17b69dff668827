import type { ExecutionLayer, ExecutionPayload } from '@quoin/engine'
import { bigintToHex, bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'

/** What an execution layer keeps over a crash. */
export interface ExecutionDisk {
  genesisHash: Hex
  /** Canonical payloads from block 1 on. */
  payloads: ExecutionPayload[]
}

/** The Engine API over a list of payloads without an EVM: for simulations of consensus. */
export interface MemoryExecution extends ExecutionLayer {
  add(transaction: Hex): void
}

const zeros = (bytes: number): Hex => `0x${'00'.repeat(bytes)}`
const valid = (hash: Hex) =>
  ({ status: 'VALID', latestValidHash: hash, validationError: null }) as const

export function openMemoryExecution(disk: ExecutionDisk): MemoryExecution {
  const pool = new Set<Hex>()
  const waiting = new Set<() => void>()
  const candidates = new Map<Hex, ExecutionPayload>()
  const built = new Map<Hex, ExecutionPayload>()
  const headHash = () => disk.payloads.at(-1)?.blockHash ?? disk.genesisHash
  const head = () => disk.payloads.at(-1)

  return {
    add(transaction) {
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
        if (candidate?.parentHash !== headHash())
          throw new CodedError('UNKNOWN_HEAD', `No candidate ${headBlockHash} on ${headHash()}`)
        disk.payloads.push(candidate)
        candidates.clear()
        for (const transaction of candidate.transactions) pool.delete(transaction)
      }
      if (!attributes) return { payloadStatus: valid(headBlockHash), payloadId: null }
      const payload = seal({
        parentHash: headBlockHash,
        feeRecipient: attributes.suggestedFeeRecipient,
        prevRandao: attributes.prevRandao,
        timestamp: attributes.timestamp,
        blockNumber: bigintToHex(disk.payloads.length + 1),
        transactions: [...pool],
      })
      built.set(payload.blockHash, payload)
      return { payloadStatus: valid(headBlockHash), payloadId: payload.blockHash }
    },
    async getPayload(payloadId) {
      const executionPayload = built.get(payloadId)
      if (!executionPayload) throw new CodedError('UNKNOWN_PAYLOAD', `No payload ${payloadId}`)
      return { executionPayload, blockValue: '0x0', executionRequests: [] }
    },
    async newPayload(payload) {
      const invalid =
        payload.parentHash !== headHash() || seal(payload).blockHash !== payload.blockHash
      if (invalid)
        return {
          status: 'INVALID',
          latestValidHash: headHash(),
          validationError: 'not on our head',
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
  'parentHash' | 'feeRecipient' | 'prevRandao' | 'timestamp' | 'blockNumber' | 'transactions'
>

function seal(content: Content): ExecutionPayload {
  const { parentHash, feeRecipient, prevRandao, timestamp, blockNumber, transactions } = content
  const text = [parentHash, feeRecipient, prevRandao, timestamp, blockNumber, ...transactions]
  return {
    parentHash,
    feeRecipient,
    prevRandao,
    timestamp,
    blockNumber,
    transactions,
    blockHash: bytesToHex(keccak256(new TextEncoder().encode(text.join('/')))),
    stateRoot: zeros(32),
    receiptsRoot: zeros(32),
    logsBloom: zeros(256),
    gasLimit: '0x3938700',
    gasUsed: '0x0',
    extraData: '0x',
    baseFeePerGas: '0x7',
    withdrawals: [],
    blobGasUsed: '0x0',
    excessBlobGas: '0x0',
  }
}
