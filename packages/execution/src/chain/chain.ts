import { CodedError, type Hex } from '@quoin/kernel'
import { fromHex } from '../codec/bytes.ts'
import type { Environment } from '../evm/machine.ts'
import type { Block, BlockReader, HeadEvent, Header, Receipt } from '../interface.ts'
import { NodeStore } from '../state/node-store.ts'
import { WorldState } from '../state/world-state.ts'
import { Archive } from './archive.ts'
import { type Candidate, storedForm } from './candidate.ts'
import { blobBaseFee } from './fees.ts'
import type { ForkSchedule } from './forks.ts'
import { createGenesis } from './genesis.ts'
import type { GenesisState } from './genesis-schema.ts'
import { type HeadPath, headBatch } from './head-batch.ts'
import type { Store } from './store.ts'
import { storeGenesis } from './store-genesis.ts'

/** How many executed blocks wait in memory for a fork choice, and how far behind the head. */
const maxCandidates = 64
const maxCandidateAge = 16n

/**
 * Blocks and their states: those on disk, and candidates in memory. The canonical chain is the one
 * that ends in `head`; moving the head is one durable batch.
 */
export class Chain implements BlockReader {
  readonly genesis: Header
  readonly forks: ForkSchedule
  readonly nodes: NodeStore
  readonly #store: Store
  readonly #archive: Archive
  readonly #candidates = new Map<Hex, Candidate>()
  #head: Header
  #safe: Header | null = null
  #finalized: Header | null = null

  private constructor(store: Store, nodes: NodeStore, forks: ForkSchedule, genesis: Header) {
    this.#store = store
    this.nodes = nodes
    this.forks = forks
    this.genesis = genesis
    this.#archive = new Archive(store, forks)
    const pointers = store.pointers()
    const head = this.#archive.header(pointers?.head ?? genesis.hash)
    if (head === null || !nodes.hasRoot(fromHex(head.stateRoot)))
      throw new CodedError(
        'DATA_UNREADABLE',
        'The chain data lack the block or state of their head',
      )
    this.#head = head
    if (pointers?.safe) this.#safe = this.#archive.header(pointers.safe)
    if (pointers?.finalized) this.#finalized = this.#archive.header(pointers.finalized)
  }

  /** @throws CodedError GENESIS_MISMATCH when the folder holds a chain of another genesis */
  static async open(store: Store, forks: ForkSchedule, genesisState: GenesisState): Promise<Chain> {
    const nodes = new NodeStore(store)
    const { header, writes } = createGenesis(genesisState, forks, nodes)
    const known = store.genesis()
    if (known !== undefined && known !== header.hash)
      throw new CodedError(
        'GENESIS_MISMATCH',
        `The data folder holds a chain with genesis ${known}, but the configured genesis is ${header.hash}. Use another data folder, or the genesis that this one was made with.`,
        { detail: { stored: known, configured: header.hash } },
      )
    if (known === undefined) await storeGenesis(store, header, writes)
    return new Chain(store, nodes, forks, header)
  }

  get head(): Header {
    return this.#head
  }

  get safe(): Header | null {
    return this.#safe
  }

  get finalized(): Header | null {
    return this.#finalized
  }

  get historyStart(): bigint {
    return this.#store.historyStart()
  }

  candidate(hash: Hex): Candidate | undefined {
    return this.#candidates.get(hash)
  }

  /** Keeps an executed block; its parent is known. Too many of them, and the oldest goes to disk. */
  async addCandidate(candidate: Candidate): Promise<void> {
    const { hash } = candidate.block.header
    if (this.#candidates.has(hash)) return
    this.#candidates.set(hash, candidate)
    this.nodes.addPending(candidate.writes)
    if (this.#candidates.size <= maxCandidates) return
    const [oldest] = this.#candidates.values()
    if (oldest === undefined) return
    await this.#store.write({ blocks: [storedForm(oldest)], canonical: [], transactions: [] })
    this.#candidates.delete(oldest.block.header.hash)
    this.#forgetPending()
  }

  /** Forgets a block that was only tried, unless another candidate stands on it. */
  dropDraft(hash: Hex): void {
    for (const { block } of this.#candidates.values()) if (block.header.parentHash === hash) return
    if (this.#candidates.delete(hash)) this.#forgetPending()
  }

  /** Candidates far behind the head go, and with them all that stands on them: no state hangs in the air. */
  #dropOld(head: Header): void {
    const gone = new Set<Hex>()
    const candidates = [...this.#candidates.values()].map(({ block }) => block.header)
    for (const { hash, parentHash, number } of candidates.sort((a, b) =>
      Number(a.number - b.number),
    ))
      if (number + maxCandidateAge < head.number || gone.has(parentHash)) {
        gone.add(hash)
        this.#candidates.delete(hash)
      }
  }

  #forgetPending(): void {
    this.nodes.resetPending([...this.#candidates.values()].map(({ writes }) => writes))
  }

  forgetBlock(hash: Hex): void {
    this.#archive.forget(hash)
  }

  headerOf(hash: Hex): Header | null {
    return this.#candidates.get(hash)?.block.header ?? this.#archive.header(hash)
  }

  blockOf(hash: Hex): Block | null {
    return this.#candidates.get(hash)?.block ?? this.#archive.block(hash)
  }

  receiptsOf(hash: Hex): Receipt[] | null {
    return this.#candidates.get(hash)?.receipts ?? this.#archive.receipts(hash)
  }

  canonicalHash(number: bigint): Hex | null {
    return number < 0n || number > this.#head.number
      ? null
      : (this.#store.canonical(number) ?? null)
  }

  /** The state after a block. */
  world(header: Header): WorldState {
    return new WorldState(this.nodes, fromHex(header.stateRoot))
  }

  hasState(header: Header): boolean {
    return this.nodes.hasRoot(fromHex(header.stateRoot))
  }

  /** What contracts see in a block with this header. */
  environment(
    header: Omit<Environment, 'blobBaseFee' | 'blockHash' | 'baseFeePerGas'> &
      Pick<Header, 'parentHash' | 'baseFeePerGas' | 'excessBlobGas'>,
  ): Environment {
    const { number, timestamp, gasLimit, miner, difficulty, mixHash, baseFeePerGas } = header
    const rules = this.forks.rulesAt(number, timestamp)
    return {
      number,
      timestamp,
      gasLimit,
      miner,
      difficulty,
      mixHash,
      baseFeePerGas,
      blobBaseFee: blobBaseFee(header.excessBlobGas, rules),
      blockHash: (ancestor) => this.#ancestorHash(header.parentHash, ancestor),
    }
  }

  #ancestorHash(from: Hex, number: bigint): Hex | null {
    let header = this.headerOf(from)
    while (header !== null && header.number > number) {
      if (this.canonicalHash(header.number) === header.hash) return this.canonicalHash(number)
      header = this.headerOf(header.parentHash)
    }
    return header?.number === number ? header.hash : null
  }

  /**
   * Makes a known block the head, durably, and moves the other pointers. Returns what changed;
   * null when the block was the head already. `leaving` hears of removed blocks before anything is done.
   */
  async setHead(
    hash: Hex,
    { safe, finalized }: { safe: Hex | null; finalized: Hex | null },
    leaving: (path: HeadPath) => void = () => {},
  ): Promise<HeadEvent | null> {
    const path = this.#pathTo(hash)
    if (path === null) throw new Error(`An ancestor of the block ${hash} is not known`)
    const { added, removed } = path
    if (removed.length > 0) leaving(path)
    const pointers = { head: hash, safe, finalized }
    const batch = headBatch(path, pointers, (each) => this.#candidates.get(each))
    const removedReceipts = removed.map((block) => ({
      block,
      receipts: this.receiptsOf(block.header.hash) ?? [],
    }))
    await this.#store.write(batch)
    return this.#moved(hash, { added, removed: removedReceipts, safe, finalized })
  }

  #moved(
    hash: Hex,
    change: {
      added: Block[]
      removed: HeadEvent['removed']
      safe: Hex | null
      finalized: Hex | null
    },
  ): HeadEvent | null {
    for (const block of change.added) {
      const candidate = this.#candidates.get(block.header.hash)
      if (candidate !== undefined) this.#archive.remember(block, candidate.receipts)
      this.#candidates.delete(block.header.hash)
    }
    const block = this.blockOf(hash)
    if (block === null) throw new Error('The head is stored')
    const isSame = this.#head.hash === hash
    this.#head = block.header
    this.#safe = change.safe === null ? null : this.headerOf(change.safe)
    this.#finalized = change.finalized === null ? null : this.headerOf(change.finalized)
    this.#dropOld(block.header)
    this.#forgetPending()
    if (isSame) return null
    const added = change.added.map((one) => ({
      block: one,
      receipts: this.receiptsOf(one.header.hash) ?? [],
    }))
    return { block, receipts: this.receiptsOf(hash) ?? [], added, removed: change.removed }
  }

  /** Whether all blocks between this one and the canonical chain are known, so that it can be the head. */
  isConnected(hash: Hex): boolean {
    return this.#pathTo(hash) !== null
  }

  #pathTo(hash: Hex): HeadPath | null {
    const added: Block[] = []
    let block = this.blockOf(hash)
    while (block !== null && this.canonicalHash(block.header.number) !== block.header.hash) {
      added.unshift(block)
      block = this.blockOf(block.header.parentHash)
    }
    if (block === null) return null
    const removed: Block[] = []
    for (let number = this.#head.number; number > block.header.number; number--) {
      const old = this.blockOf(this.canonicalHash(number) ?? this.#head.hash)
      if (old === null) throw new Error(`The store lacks the canonical block ${number}`)
      removed.push(old)
    }
    return { added, removed }
  }

  async byHash(hash: Hex): Promise<Block | null> {
    return this.blockOf(hash)
  }

  async byNumber(number: bigint): Promise<Block | null> {
    const hash = this.canonicalHash(number)
    return hash === null ? null : this.blockOf(hash)
  }

  async header(hash: Hex): Promise<Header | null> {
    return this.headerOf(hash)
  }

  async headerByNumber(number: bigint): Promise<Header | null> {
    const hash = this.canonicalHash(number)
    return hash === null ? null : this.headerOf(hash)
  }

  async receipts(blockHash: Hex): Promise<Receipt[] | null> {
    return this.receiptsOf(blockHash)
  }

  async locate(transactionHash: Hex): Promise<{ block: Block; index: number } | null> {
    const place = this.#store.transaction(transactionHash)
    const block = place === undefined ? null : this.blockOf(place.blockHash)
    return place === undefined || block === null ? null : { block, index: place.index }
  }

  async rawHeader(hash: Hex): Promise<Uint8Array | null> {
    return this.#archive.rawHeader(hash)
  }

  async rawBlock(hash: Hex): Promise<Uint8Array | null> {
    return this.#candidates.get(hash)?.encoded ?? this.#archive.rawBlock(hash)
  }

  async rawReceipts(hash: Hex): Promise<Uint8Array[] | null> {
    return this.#archive.rawReceipts(hash)
  }
}
