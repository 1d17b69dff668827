import type { Hex } from '@quoin/kernel'
import type { Clock } from '../clock.ts'
import type { BlockPlace, HeadChange, PowEngine } from '../engine/interface.ts'
import type { PowRules } from '../rules.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import { scheduledTarget } from './oracle-schedule.ts'

/** What nodes promise at every moment. */
const maxFutureMs = 5000
const mostWaiting = 128 + 64

interface WitnessParts {
  rules: PowRules
  tree: BlockTree
  engine: PowEngine
  clock: Clock
}

/**
 * Follows a node as a client does, by what it says of blocks that left and joined, and writes down every
 * promise that it breaks on the way. Such things are no more to be seen in the end.
 */
export class Witness {
  readonly #chain: Hex[]
  readonly #parts: WitnessParts
  readonly #note: (problem: string) => void
  #finalized: { height: number; id: Hex }
  #safeHeight: number

  constructor(parts: WitnessParts, note: (problem: string) => void) {
    this.#parts = parts
    this.#note = note
    const { tree } = parts
    this.#chain = Array.from({ length: tree.head.height + 1 }, (_, height) => idAt(tree, height))
    this.#finalized = { height: tree.finalizedHeight, id: idAt(tree, tree.finalizedHeight) }
    this.#safeHeight = tree.safeHeight
    parts.engine.onHead((change) => this.#hear(change))
  }

  #hear({ head, removed, added }: HeadChange): void {
    const { tree } = this.#parts
    const before = workOf(tree, this.#chain.at(-1))
    for (const { height, id } of removed)
      if (this.#chain.length - 1 !== height || this.#chain.pop() !== id)
        this.#note(`block ${height} was said to leave where it was not the last`)
    this.#safeHeight = Math.min(this.#safeHeight, this.#chain.length - 1)
    for (const place of added) this.#join(place)
    if (this.#chain.at(-1) !== head.id) this.#note(`the head ${head.height} was not said to join`)
    if (workOf(tree, head.id) <= before) this.#note(`the head ${head.height} has no more work`)
    this.#look()
  }

  #join({ height, id }: BlockPlace): void {
    const { tree, rules, clock } = this.#parts
    const link = tree.link(id)
    const parent = link && tree.link(link.parentId)
    if (this.#chain.length !== height || !parent || parent.id !== this.#chain.at(-1))
      this.#note(`block ${height} was said to join where it does not fit`)
    if (link && link.timeMs > clock.now() + maxFutureMs)
      this.#note(`block ${height} came before its time`)
    if (parent && link?.sealed?.header.target !== scheduledTarget(height, parent.elapsedMs, rules))
      this.#note(`block ${height} has another target than was due`)
    this.#chain.push(id)
  }

  #look(): void {
    const { tree, engine } = this.#parts
    const { finalizedHeight, safeHeight, waitingBlocks } = engine.status
    const { height, id } = this.#finalized
    if (finalizedHeight < height) this.#note(`finalized went back from ${height}`)
    if (idAt(tree, height) !== id) this.#note(`the finalized block ${height} was replaced`)
    if (safeHeight < this.#safeHeight) this.#note(`safe went back to ${safeHeight}`)
    if (safeHeight < finalizedHeight) this.#note(`safe is below finalized at ${safeHeight}`)
    if (waitingBlocks > mostWaiting) this.#note(`${waitingBlocks} blocks wait for a parent`)
    this.#safeHeight = safeHeight
    this.#finalized = { height: finalizedHeight, id: idAt(tree, finalizedHeight) }
  }
}

function idAt(tree: BlockTree, height: number): Hex {
  return tree.canonicalAt(height)?.id ?? '0x'
}

function workOf(tree: BlockTree, id: Hex | undefined): bigint {
  return (id && tree.link(id)?.totalWork) ?? 0n
}
