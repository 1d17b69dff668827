import type {
  EngineApi,
  ExecutionPayload,
  ForkchoiceState,
  ForkchoiceUpdated,
  PayloadAttributes,
  PayloadEnvelope,
  PayloadStatus,
} from '@quoin/engine'
import { bigintToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { fromHex, toHex, zeroHash } from '../codec/bytes.ts'
import type { HeadEvent, Header, Transaction } from '../interface.ts'
import type { Candidate } from './candidate.ts'
import type { Chain } from './chain.ts'
import type { HeadPath } from './head-batch.ts'
import { blockToPayload, isSamePayload, parseWithdrawals, payloadToBlock } from './payload.ts'
import type { BlockProcessor, TransactionSource } from './processor.ts'

export interface EngineOptions {
  chain: Chain
  processor: BlockProcessor
  /** The pool's transactions for the block after `parent`. */
  source(parent: Header, baseFee: bigint): TransactionSource
  known: (hash: Hex) => Transaction | null
  /** Everything that changes the chain runs through here, one after the other. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  headChanged(event: HeadEvent): void
  /** Before a head that removes blocks becomes durable. */
  headLeaves(path: HeadPath): void
  gasLimit: bigint | null
  extraData: Hex
}

const maxPayloads = 16

/** The Engine API on our own chain: see `EngineApi` for what each call promises. */
export class Engine implements EngineApi {
  readonly #options: EngineOptions
  readonly #jobs = new Map<Hex, () => Promise<PayloadEnvelope>>()
  /** Payloads that were made here and need no second look when they come back: drafts until then. */
  readonly #own = new Map<Hex, PayloadEnvelope>()
  readonly #invalid = new Map<Hex, string>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  forkchoiceUpdated(
    state: ForkchoiceState,
    attributes?: PayloadAttributes,
  ): Promise<ForkchoiceUpdated> {
    return this.#options.exclusively(async () => {
      const { chain } = this.#options
      const header = chain.headerOf(state.headBlockHash)
      if (header === null || !chain.isConnected(header.hash)) {
        const reason = this.#invalid.get(state.headBlockHash)
        return {
          payloadStatus: reason === undefined ? syncing : invalid(null, reason),
          payloadId: null,
        }
      }
      const safe = this.#pointer(state.safeBlockHash, 'safe')
      const finalized = this.#pointer(state.finalizedBlockHash, 'finalized')
      // A block below the head that is canonical already: a consensus layer that catches up.
      const isBehind =
        header.number < chain.head.number && chain.canonicalHash(header.number) === header.hash
      const isMoved =
        !isBehind &&
        (header.hash !== chain.head.hash ||
          safe !== (chain.safe?.hash ?? null) ||
          finalized !== (chain.finalized?.hash ?? null))
      if (isMoved) {
        const event = await chain.setHead(
          header.hash,
          { safe, finalized },
          this.#options.headLeaves,
        )
        if (event !== null) this.#options.headChanged(event)
      }
      const payloadId = attributes === undefined ? null : this.#prepare(header, attributes)
      return { payloadStatus: valid(header.hash), payloadId }
    })
  }

  async getPayload(payloadId: Hex): Promise<PayloadEnvelope> {
    const job = this.#jobs.get(payloadId)
    if (job === undefined)
      throw new CodedError('UNKNOWN_PAYLOAD', `There is no payload ${payloadId}; ask for one anew`)
    return job()
  }

  newPayload(
    payload: ExecutionPayload,
    blobVersionedHashes: Hex[],
    parentBeaconBlockRoot: Hex,
    executionRequests: Hex[],
  ): Promise<PayloadStatus> {
    return this.#options.exclusively(async () => {
      const { chain } = this.#options
      const own = this.#own.get(payload.blockHash)
      const made = own && chain.headerOf(payload.blockHash)
      if (
        own !== undefined &&
        made?.parentBeaconBlockRoot === parentBeaconBlockRoot &&
        isSamePayload(own, payload, executionRequests)
      ) {
        this.#own.delete(payload.blockHash)
        return valid(payload.blockHash)
      }
      try {
        const decoded = payloadToBlock(
          payload,
          { blobVersionedHashes, parentBeaconBlockRoot, executionRequests },
          this.#options.known,
        )
        const { header } = decoded.block
        if (chain.headerOf(header.hash) !== null && chain.hasState(header))
          return valid(header.hash)
        const parent = chain.headerOf(header.parentHash)
        if (parent === null) {
          const reason = this.#invalid.get(header.parentHash)
          return reason === undefined ? syncing : invalid(null, `links to invalid block: ${reason}`)
        }
        await chain.addCandidate(await this.#options.processor.check(decoded, parent))
        return valid(header.hash)
      } catch (cause) {
        if (!(cause instanceof CodedError) || cause.code !== 'INVALID_BLOCK') throw cause
        this.#rememberInvalid(payload.blockHash, cause.message)
        const parent = chain.headerOf(payload.parentHash)
        return invalid(parent?.hash ?? null, cause.message)
      }
    })
  }

  #pointer(hash: Hex, name: string): Hex | null {
    if (hash === zeroHash) return null
    if (this.#options.chain.headerOf(hash) === null)
      throw new CodedError('INVALID_FORKCHOICE', `The ${name} block ${hash} is not known`)
    return hash
  }

  #prepare(parent: Header, attributes: PayloadAttributes): Hex {
    const timestamp = BigInt(attributes.timestamp)
    const { equalTimestamps } = this.#options.chain.forks.rulesAt(parent.number + 1n, timestamp)
    if (timestamp < parent.timestamp || (timestamp === parent.timestamp && !equalTimestamps))
      throw new CodedError(
        'INVALID_ATTRIBUTES',
        `The timestamp ${timestamp} is not after the parent's ${parent.timestamp}`,
      )
    const seed = Buffer.from(JSON.stringify([parent.hash, attributes]))
    const payloadId = toHex(keccak256(seed).subarray(0, 8))
    if (this.#jobs.has(payloadId)) return payloadId
    let result: Promise<PayloadEnvelope> | null = null
    this.#jobs.set(payloadId, () => {
      result ??= this.#options.exclusively(() => this.#build(parent, attributes, timestamp))
      return result
    })
    dropBeyond(this.#jobs, maxPayloads)
    return payloadId
  }

  async #build(
    parent: Header,
    attributes: PayloadAttributes,
    timestamp: bigint,
  ): Promise<PayloadEnvelope> {
    const { chain, processor, gasLimit, extraData } = this.#options
    const candidate = await processor.build(
      parent,
      {
        timestamp,
        miner: lowerCase(attributes.suggestedFeeRecipient),
        mixHash: attributes.prevRandao,
        gasLimit: nextGasLimit(parent.gasLimit, gasLimit ?? parent.gasLimit),
        extraData,
        parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
        withdrawals: parseWithdrawals(attributes.withdrawals),
      },
      (baseFee) => this.#options.source(parent, baseFee),
    )
    await chain.addCandidate(candidate)
    const envelope = envelopeOf(candidate)
    this.#own.set(candidate.block.header.hash, envelope)
    for (const [hash] of [...this.#own].slice(0, -maxPayloads)) {
      this.#own.delete(hash)
      chain.dropDraft(hash)
    }
    return envelope
  }

  #rememberInvalid(hash: Hex, reason: string): void {
    this.#invalid.set(hash, reason)
    dropBeyond(this.#invalid, 256)
  }
}

function envelopeOf(candidate: Candidate): PayloadEnvelope {
  return {
    executionPayload: blockToPayload(candidate.block),
    blockValue: bigintToHex(candidate.fees),
    executionRequests: candidate.requests,
  }
}

/** A step of less than a 1024th towards the wish. */
function nextGasLimit(parent: bigint, wish: bigint): bigint {
  const step = parent / 1024n - 1n
  if (wish > parent) return wish - parent > step ? parent + step : wish
  return parent - wish > step ? parent - step : wish
}

const syncing: PayloadStatus = { status: 'SYNCING', latestValidHash: null, validationError: null }

function valid(hash: Hex): PayloadStatus {
  return { status: 'VALID', latestValidHash: hash, validationError: null }
}

function invalid(latestValidHash: Hex | null, validationError: string): PayloadStatus {
  return { status: 'INVALID', latestValidHash, validationError }
}

function lowerCase(address: Hex): Hex {
  return toHex(fromHex(address))
}

function dropBeyond(map: Map<Hex, unknown>, size: number): void {
  while (map.size > size) {
    const oldest = map.keys().next()
    if (oldest.done) return
    map.delete(oldest.value)
  }
}
