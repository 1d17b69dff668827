import type { ExecutionLayer, ExecutionPayload, PayloadStatus } from '@quoin/engine'
import { bigintToHex, bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'

/** What an execution layer keeps over a crash: payloads that were once canonical, its head, its pool. */
export interface ExecutionDisk {
  genesisHash: Hex
  payloads: Map<Hex, ExecutionPayload>
  head: Hex
  pool: Set<Hex>
}

/** The Engine API over a tree of payloads without an EVM. Blocks with this transaction are invalid. */
export const poison: Hex = '0xbad0'

export interface MemoryExecution extends ExecutionLayer {
  add(transaction: Hex): void
}

const zeros = (bytes: number): Hex => `0x${'00'.repeat(bytes)}`
const valid = (hash: Hex): PayloadStatus => ({
  status: 'VALID',
  latestValidHash: hash,
  validationError: null,
})

/** How far behind the head a candidate is forgotten, as the embedded execution does. */
const forgottenDepth = 16

export function createExecutionDisk(genesisHash: Hex): ExecutionDisk {
  return { genesisHash, payloads: new Map(), head: genesisHash, pool: new Set() }
}

export function openMemoryExecution(disk: ExecutionDisk): MemoryExecution {
  const candidates = new Map<Hex, ExecutionPayload>()
  const built = new Map<Hex, ExecutionPayload>()
  const find = (hash: Hex) => candidates.get(hash) ?? disk.payloads.get(hash)
  const numberOf = (hash: Hex) => Number(find(hash)?.blockNumber ?? 0)
  const isKnown = (hash: Hex) => hash === disk.genesisHash || find(hash) !== undefined

  /** Payloads from a block down to the genesis, highest first. */
  function* chainOf(hash: Hex): Generator<ExecutionPayload> {
    for (let payload = find(hash); payload; payload = find(payload.parentHash)) yield payload
  }

  function move(to: Hex): void {
    const added: ExecutionPayload[] = []
    let [old, next] = [find(disk.head), find(to)]
    while (old?.blockHash !== next?.blockHash)
      if (Number(next?.blockNumber ?? 0) > Number(old?.blockNumber ?? 0)) {
        if (next) added.push(next)
        next = next && find(next.parentHash)
      } else {
        for (const transaction of old?.transactions ?? []) disk.pool.add(transaction)
        old = old && find(old.parentHash)
      }
    for (const { transactions } of added)
      for (const transaction of transactions) disk.pool.delete(transaction)
    for (const payload of added) {
      disk.payloads.set(payload.blockHash, payload)
      candidates.delete(payload.blockHash)
    }
    disk.head = to
    for (const [hash, { blockNumber }] of candidates)
      if (Number(blockNumber) + forgottenDepth < numberOf(to)) candidates.delete(hash)
  }

  function check(payload: ExecutionPayload, parentBeaconBlockRoot: Hex): string | null {
    if (seal(payload, parentBeaconBlockRoot).blockHash !== payload.blockHash)
      return 'invalid block hash'
    if (payload.transactions.includes(poison)) return 'a transaction that nobody can run'
    if (Number(payload.blockNumber) !== numberOf(payload.parentHash) + 1) return 'invalid number'
    if (payload.transactions.length === 0) return null
    const spent = new Set<Hex>()
    for (const { transactions } of chainOf(payload.parentHash))
      for (const transaction of transactions) spent.add(transaction)
    return payload.transactions.some((each) => spent.has(each)) ? 'nonce too low' : null
  }

  return {
    add(transaction) {
      disk.pool.add(transaction)
    },
    async head() {
      const { blockNumber: number = '0x0', timestamp = '0x0' } = find(disk.head) ?? {}
      return { hash: disk.head, number, timestamp, genesisHash: disk.genesisHash } as const
    },
    async pendingTransactions() {},
    call: async () => {
      throw new CodedError('NOT_SUPPORTED', 'There is no EVM here')
    },
    async forkchoiceUpdated({ headBlockHash }, attributes) {
      if (!isKnown(headBlockHash))
        return {
          payloadStatus: { status: 'SYNCING', latestValidHash: null, validationError: null },
          payloadId: null,
        }
      if (headBlockHash !== disk.head) move(headBlockHash)
      if (!attributes) return { payloadStatus: valid(headBlockHash), payloadId: null }
      const content: Content = {
        parentHash: headBlockHash,
        feeRecipient: attributes.suggestedFeeRecipient,
        prevRandao: attributes.prevRandao,
        timestamp: attributes.timestamp,
        blockNumber: bigintToHex(numberOf(headBlockHash) + 1),
        transactions: [...disk.pool].slice(0, 50),
        withdrawals: attributes.withdrawals,
      }
      const payload = seal(content, attributes.parentBeaconBlockRoot)
      built.clear()
      built.set(payload.blockHash, payload)
      return { payloadStatus: valid(headBlockHash), payloadId: payload.blockHash }
    },
    async getPayload(payloadId) {
      const executionPayload = built.get(payloadId)
      if (!executionPayload) throw new CodedError('UNKNOWN_PAYLOAD', `No payload ${payloadId}`)
      return { executionPayload, blockValue: '0x0', executionRequests: [] }
    },
    async newPayload(payload, _blobs, parentBeaconBlockRoot) {
      if (!isKnown(payload.parentHash))
        return { status: 'SYNCING', latestValidHash: null, validationError: null }
      const reason = find(payload.blockHash) ? null : check(payload, parentBeaconBlockRoot)
      if (reason !== null)
        return { status: 'INVALID', latestValidHash: payload.parentHash, validationError: reason }
      if (!find(payload.blockHash)) candidates.set(payload.blockHash, payload)
      return valid(payload.blockHash)
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

/** A payload whose hash covers its content. */
export function seal(content: Content, parentBeaconBlockRoot: Hex): ExecutionPayload {
  const { parentHash, feeRecipient, prevRandao, timestamp, blockNumber } = content
  const { transactions, withdrawals } = content
  const paid = withdrawals.map((each) => [each.index, each.address, each.amount].join())
  const text = [parentHash, feeRecipient, prevRandao, timestamp, blockNumber, ...paid]
  const all = [...text, parentBeaconBlockRoot, ...transactions]
  return {
    ...{ parentHash, feeRecipient, prevRandao, timestamp, blockNumber, transactions, withdrawals },
    blockHash: bytesToHex(keccak256(new TextEncoder().encode(all.join('/')))),
    stateRoot: zeros(32),
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
