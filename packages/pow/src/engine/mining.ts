import type { Hex } from '@quoin/kernel'
import type { PowBlock } from '../block.ts'
import type { Clock } from '../clock.ts'
import { sealHash } from '../header.ts'
import type { Miner } from '../miner/miner.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import {
  beginTemplate,
  renewTemplate,
  sealTemplate,
  type Template,
  type TemplateParts,
} from './template.ts'

export interface MiningOptions extends TemplateParts {
  hasher: Miner
  clock: Clock
  tree: BlockTree
  miner: Hex
  refreshMs: number
  /** Asks the engine to call `build` when it is not moving heads. */
  requestBuild(): void
  onBlock(block: PowBlock): void
  onFailure(error: unknown): void
}

/** Limits of `refreshMs`. */
const shortestRefreshMs = 100
const longestRefreshMs = 5_000

/**
 * Keeps the miner at work on the head: a new payload with every new head and when time or the pool moved
 * on, the same payload with a later time in between, so that a block says when it was found.
 */
export class Mining implements AsyncDisposable {
  readonly #options: MiningOptions
  #template: Template | null = null
  /** What is built for an older one is dropped. */
  #generation = 0
  #refresh: Disposable | null = null
  #building: Promise<void> = Promise.resolve()
  #isStopped = false
  mined = 0

  constructor(options: MiningOptions) {
    this.#options = options
  }

  /** Stops work on the old head at once. */
  headChanged(): void {
    this.#options.hasher.stop()
    this.#template = null
    this.#ask()
  }

  /** Called by the engine between moves of the head. */
  async build(): Promise<void> {
    if (this.#isStopped) return
    const generation = ++this.#generation
    const beganMs = this.#options.clock.now()
    const build = await beginTemplate(beganMs, this.#options)
    this.#building = build().then(
      (template) => {
        if (generation !== this.#generation || this.#isStopped) return
        this.#work(template)
        this.#schedule(this.#options.clock.now() - beganMs)
      },
      (error) => {
        if (!this.#isStopped) this.#options.onFailure(error)
      },
    )
  }

  #ask(): void {
    this.#refresh?.[Symbol.dispose]()
    this.#refresh = null
    if (!this.#isStopped) this.#options.requestBuild()
  }

  #work(template: Template): void {
    const { tree, hasher } = this.#options
    if (template.parent.id !== tree.head.id) return
    this.#template = template
    const { target } = template.header
    hasher.start({ sealHash: sealHash(template.header), target }, (nonce) => {
      if (this.#template !== template) return
      this.#template = null
      this.#refresh?.[Symbol.dispose]()
      this.mined += 1
      this.#options.onBlock(sealTemplate(template, nonce))
    })
  }

  /** Building takes at most a quarter of the time. */
  #schedule(tookMs: number): void {
    const { refreshMs, clock } = this.#options
    const wish = Math.max(refreshMs, 4 * tookMs, shortestRefreshMs)
    this.#refresh?.[Symbol.dispose]()
    this.#refresh = clock.after(Math.min(wish, longestRefreshMs), () => this.#renew())
  }

  #renew(): void {
    const template = this.#template
    if (this.#isStopped || !template) return
    const renewed = renewTemplate(template, this.#options.clock.now())
    if (!renewed) {
      this.#ask()
      return
    }
    this.#work(renewed)
    this.#schedule(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    this.#refresh?.[Symbol.dispose]()
    this.#options.hasher.stop()
    await this.#building
  }
}
