import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import type { Hex, Logger } from '@quoin/kernel'
import type { Anchor, ReceiptProof } from '@quoin/protocol'
import type { Chain } from '../chain/interface.ts'
import { marketError } from '../errors.ts'
import { type AnchorRow, rowToAnchor } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import { Serial } from './serial.ts'

/** Receipts under one root at most. */
const maxLeaves = 10_000
/** Trees kept for proofs, newest first. */
const maxTrees = 16

/**
 * Puts the Merkle roots of receipts on the chain. The batch is fixed in the records before the
 * transaction is sent, and the contract takes each epoch once, so a crash at any moment neither loses
 * receipts nor anchors them twice: an open batch is looked up on the chain before it is sent again.
 */
export class Anchors {
  readonly #store: Store
  readonly #chain: Chain
  readonly #provider: Hex
  readonly #logger: Logger
  readonly #serial = new Serial()
  readonly #trees = new Map<number, StandardMerkleTree<[string]>>()

  constructor(shell: { store: Store; chain: Chain; provider: Hex; logger: Logger }) {
    this.#store = shell.store
    this.#chain = shell.chain
    this.#provider = shell.provider
    this.#logger = shell.logger
  }

  /** Anchors what is not anchored; the newest anchor made, null when there was nothing to do. */
  anchorNow(): Promise<Anchor | null> {
    return this.#serial.run(async () => {
      let last: Anchor | null = null
      for (const row of await this.#store.reads.openAnchors()) last = await this.#send(row)
      for (;;) {
        const row = await this.#start()
        if (row === null) return last
        last = await this.#send(row)
      }
    })
  }

  idle(): Promise<void> {
    return this.#serial.idle()
  }

  /** Null until the receipt's anchor is on the chain. */
  async proof(receiptId: Hex): Promise<ReceiptProof | null> {
    const found = await this.#store.reads.receipt(receiptId)
    if (found === null) return null
    const row = await this.#store.reads.anchorOf(found.number)
    const anchor = row ? rowToAnchor(row, this.#provider) : null
    if (row === undefined || anchor === null) return null
    const tree = await this.#treeOf(row)
    return { anchor, path: tree.getProof([receiptId]).map(asHex) }
  }

  async #start(): Promise<AnchorRow | null> {
    const before = await this.#store.reads.lastAnchor()
    const from = (before?.last_number ?? 0) + 1
    const leaves = await this.#store.reads.receiptIds({ from, limit: maxLeaves })
    const last = leaves.at(-1)
    if (last === undefined) return null
    const tree = makeTree(leaves.map(({ id }) => id))
    const next = Number(await this.#chain.nextEpoch())
    const row = {
      epoch: Math.max(next, (before?.epoch ?? 0) + 1),
      root: tree.root,
      count: leaves.length,
      first_number: from,
      last_number: last.number,
    }
    const { epoch, root, count } = row
    await this.#store.write('anchors', [
      ['startAnchor', epoch, root, count, row.first_number, row.last_number],
    ])
    this.#keep(epoch, tree)
    return { ...row, transaction_hash: null, block_number: null }
  }

  async #send(row: AnchorRow): Promise<Anchor | null> {
    const epoch = BigInt(row.epoch)
    const found = await this.#chain.findAnchor(epoch)
    if (found && found.root !== row.root)
      throw marketError(
        'RECORDS_OUTDATED',
        `Epoch ${epoch} is anchored with another root: these records are older than the chain, restore newer ones`,
      )
    const mined = found ?? (await this.#chain.anchor(epoch, asHex(row.root), row.count))
    const { transactionHash, blockNumber } = mined
    await this.#store.write('anchors', [
      ['finishAnchor', transactionHash, Number(blockNumber), row.epoch],
    ])
    this.#logger.info({ epoch: row.epoch, count: row.count }, 'receipts anchored')
    return rowToAnchor(
      { ...row, transaction_hash: transactionHash, block_number: Number(blockNumber) },
      this.#provider,
    )
  }

  async #treeOf(row: AnchorRow): Promise<StandardMerkleTree<[string]>> {
    const known = this.#trees.get(row.epoch)
    if (known) return known
    const range = { from: row.first_number, to: row.last_number, limit: maxLeaves }
    const leaves = await this.#store.reads.receiptIds(range)
    const tree = makeTree(leaves.map(({ id }) => id))
    this.#keep(row.epoch, tree)
    return tree
  }

  #keep(epoch: number, tree: StandardMerkleTree<[string]>): void {
    this.#trees.set(epoch, tree)
    const oldest = this.#trees.keys().next()
    if (this.#trees.size > maxTrees && !oldest.done) this.#trees.delete(oldest.value)
  }
}

function makeTree(ids: string[]): StandardMerkleTree<[string]> {
  return StandardMerkleTree.of(
    ids.map((id): [string] => [id]),
    ['bytes32'],
  )
}

function asHex(text: string): Hex {
  return `0x${text.slice(2)}`
}
