import type { Hex, Logger } from '@quoin/kernel'
import type { Chain } from './chain/interface.ts'
import { claimable } from './channel/book.ts'
import type { Channel } from './channel/channel.ts'
import type { Channels } from './channel/channels.ts'
import type { SettlementOptions } from './options.ts'
import type { Anchors } from './settle/anchors.ts'
import type { Settler } from './settle/settlement.ts'

/** Blocks asked for at once when following. */
const maxBlocks = 2000n

/**
 * What goes on beside the calls: following the chain, and claiming and anchoring in time. A channel whose
 * payer asked for a withdrawal, or whose session has ended or allows less than is owed, is claimed at once.
 */
export class Background implements AsyncDisposable {
  readonly #shell: BackgroundShell
  readonly #timers: NodeJS.Timeout[] = []
  readonly #running = new Set<Promise<void>>()
  #nextBlock: bigint | null = null

  constructor(shell: BackgroundShell) {
    this.#shell = shell
  }

  start(): void {
    const { followMs, intervalMs, anchorIntervalMs } = this.#shell.options
    this.#every(followMs, 'following the chain failed', () => this.follow())
    if (intervalMs > 0)
      this.#every(intervalMs, 'settling failed', async () => {
        await this.#shell.settler.settle()
      })
    if (anchorIntervalMs > 0)
      this.#every(anchorIntervalMs, 'anchoring failed', async () => {
        await this.#shell.anchors.anchorNow()
      })
  }

  /** One look at the chain: learns what changed, claims what must be claimed now. */
  async follow(): Promise<void> {
    const { chain } = this.#shell
    const head = await chain.blockNumber()
    if (this.#nextBlock === null) {
      await this.#shell.settler.owing()
      this.#nextBlock = head + 1n
    }
    if (head >= this.#nextBlock) {
      const to = head - this.#nextBlock < maxBlocks ? head : this.#nextBlock + maxBlocks - 1n
      const changed = await chain.changedChannels(this.#nextBlock, to)
      await Promise.all(changed.map((id) => this.#relearn(id)))
      this.#nextBlock = to + 1n
    }
    await this.#claimUrgent()
  }

  /** One that is not in memory may owe all the same. */
  async #relearn(id: Hex): Promise<void> {
    const { channels } = this.#shell
    const channel = await channels.find(id)
    if (channel) await channels.refresh(channel)
  }

  async #claimUrgent(): Promise<void> {
    const { channels, settler, options, clock } = this.#shell
    const now = Math.floor(clock() / 1000)
    const urgent = [...channels.cached()].filter(
      (channel) => isOwing(channel) && isEnding(channel, now),
    )
    if (urgent.length > 0) await settler.settle(urgent)
    else if (settler.outstanding() >= options.thresholdAtomic) await settler.settle()
  }

  #every(periodMs: number, complaint: string, task: () => Promise<void>): void {
    let busy = false
    const run = async (): Promise<void> => {
      if (busy) return
      busy = true
      try {
        await task()
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#shell.logger.warn({ error: reason }, complaint)
      } finally {
        busy = false
      }
    }
    const timer = setInterval(() => {
      const turn = run()
      this.#running.add(turn)
      turn.finally(() => this.#running.delete(turn)).catch(() => {})
    }, periodMs)
    timer.unref()
    this.#timers.push(timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    await Promise.all(this.#running)
  }
}

export interface BackgroundShell {
  chain: Chain
  channels: Channels
  settler: Settler
  anchors: Anchors
  options: SettlementOptions
  clock: () => number
  logger: Logger
}

function isOwing({ book }: Channel): boolean {
  return claimable(book) > book.totalClaimed
}

function isEnding({ facts, book }: Channel, now: number): boolean {
  const { withdrawal, session } = facts
  if (withdrawal.amount > 0n) return true
  return session !== null && (session.expiresAt <= now || session.capAtomic < claimable(book))
}
