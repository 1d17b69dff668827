import type { ExecutionLayer } from '@quoin/engine'
import type { Hex, Logger } from '@quoin/kernel'
import type { Clock } from '../clock.ts'
import type { Court } from '../judgement.ts'
import type { BlockTree, HeadPath } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'
import { executeLink, forkchoiceOf, setExecutionHead, stride } from './execute.ts'
import type { RefusedFork } from './interface.ts'

export interface ForkChoiceOptions extends Court {
  tree: BlockTree
  execution: ExecutionLayer
  clock: Clock
  logger: Logger
}

/** Moves the head to the heaviest chain that execution finds valid. Among equals the first seen stays. */
export class ForkChoice {
  readonly #options: ForkChoiceOptions
  /** Stored blocks that are heavier than the head. */
  readonly #contenders = new Map<Hex, Link>()
  #refused: RefusedFork | null = null

  constructor(options: ForkChoiceOptions) {
    this.#options = options
  }

  get refused(): RefusedFork | null {
    return this.#refused
  }

  /** Finds the blocks that were stored and not followed before a stop. */
  async restore(): Promise<void> {
    const { tree, execution } = this.#options
    for (const link of await tree.from(tree.finalizedHeight)) this.contend(link)
    // A copy of the store that is older than execution's folder: what is there was chosen before.
    const ahead = tree.byPayload((await execution.head()).hash)
    if (ahead && ahead.height > tree.head.height) this.contend(ahead)
  }

  contend(link: Link): void {
    if (this.#isBetter(link)) this.#contenders.set(link.id, link)
  }

  #isBetter(link: Link): boolean {
    const { judgement, tree } = this.#options
    return judgement.isBetter(link, tree.head)
  }

  /** One step towards the heaviest chain; null when the head is on it. */
  async follow(): Promise<HeadPath | null> {
    const { tree, judgement, execution } = this.#options
    for (let best = this.#heaviest(); best; best = this.#heaviest()) {
      const path = this.#shorten(tree.pathTo(best))
      if (judgement.isBelowFinal(path.fork, tree.finalizedHeight)) {
        this.refuse({ ...best, forkHeight: path.fork.height })
        this.#contenders.delete(best.id)
        continue
      }
      if (!(await this.#execute(path.added, best))) continue
      const head = path.added.at(-1) ?? best
      await tree.move(path, this.#finalizedUnder(head, path))
      await setExecutionHead(forkchoiceOf(head, tree), execution)
      await tree.pruneBranches()
      if (head.id === best.id) this.#contenders.delete(best.id)
      return path
    }
    return null
  }

  /** Loudly: an operator must see that the network may have left this node, or the other way round. */
  refuse(fork: RefusedFork): void {
    const { tree, logger } = this.#options
    const isNews = this.#refused?.forkHeight !== fork.forkHeight
    this.#refused = {
      id: fork.id,
      height: fork.height,
      forkHeight: fork.forkHeight,
      totalWork: fork.totalWork,
    }
    if (!isNews) return
    logger.error(
      { ...this.#refused, finalizedHeight: tree.finalizedHeight, ourHeight: tree.head.height },
      'refused a heavier chain that rewrites finalized blocks: compare with other operators; to follow it, stop this node, delete its chain data and sync again',
    )
  }

  #heaviest(): Link | null {
    const { judgement, tree } = this.#options
    let best: Link | null = null
    for (const link of this.#contenders.values()) {
      if (!this.#isBetter(link) || !tree.link(link.id)) this.#contenders.delete(link.id)
      else if (!best || judgement.isBetter(link, best)) best = link
    }
    return best
  }

  /** A long way is gone in strides, each of which ends heavier than the head. */
  #shorten({ fork, removed, added }: HeadPath): HeadPath {
    const heavier = added.findIndex((link) => this.#isBetter(link))
    const end = Math.max(heavier + 1, stride)
    return { fork, removed, added: added.slice(0, end) }
  }

  /** False when a block on the way is invalid: then what stands on it is out. */
  async #execute(added: readonly Link[], best: Link): Promise<boolean> {
    const { tree, execution, logger } = this.#options
    for (const link of added) {
      const known = tree.isInvalid(link.id)
      const reason = known ? 'known as invalid' : await executeLink(link, tree, execution)
      if (reason === null) continue
      if (!known) {
        const { added: all } = tree.pathTo(best)
        await tree.markInvalid(all.slice(all.indexOf(link)), reason)
        logger.warn({ height: link.height, id: link.id, reason }, 'a mined block is invalid')
      }
      this.#contenders.delete(best.id)
      const parent = tree.link(link.parentId)
      if (parent) this.contend(parent)
      return false
    }
    return true
  }

  /** Nothing is finalized while the head is old: a node that syncs may be on the wrong chain yet. */
  #finalizedUnder(head: Link, { fork, added }: HeadPath): Link {
    const { tree, rules, clock } = this.#options
    const isRecent = clock.now() - head.timeMs < Math.max(20 * rules.targetBlockMs, 600_000)
    const height = head.height - rules.finalizedDepth
    if (!isRecent || height <= tree.finalizedHeight) return tree.genesis
    const link = height > fork.height ? added[height - fork.height - 1] : tree.canonicalAt(height)
    return link ?? tree.genesis
  }
}
