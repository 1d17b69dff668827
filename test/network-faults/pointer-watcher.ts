import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { rpc } from './rpc.ts'

const tags = ['safe', 'finalized'] as const

/** Asks a node all the while for its safe and its finalized block, and keeps every one it was told. */
export class PointerWatcher implements Disposable {
  readonly #url: string
  readonly #done: Promise<void>
  #isStopping = false
  readonly #seen = { safe: new Map<number, string>(), finalized: new Map<number, string>() }
  readonly #last = { safe: 0, finalized: 0 }
  /** The first thing that was wrong. */
  problem: string | null = null

  constructor(url: string) {
    this.#url = url
    this.#done = this.#run()
    this.#done.catch(() => undefined)
  }

  get finalizedHeight(): number {
    return this.#last.finalized
  }

  /** Every block that was ever said to be safe or final must be on the chain in the end. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#done
    for (const tag of tags)
      for (const [number, hash] of this.#seen[tag])
        assert.equal(
          (await this.#block(`0x${number.toString(16)}`))?.hash,
          hash,
          `${tag} ${number}`,
        )
  }

  [Symbol.dispose](): void {
    this.#isStopping = true
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      for (const tag of tags) {
        const block = await this.#block(tag).catch(() => null)
        if (block) this.#note(tag, block)
      }
      await sleep(100)
    }
  }

  #note(tag: (typeof tags)[number], { number, hash }: { number: number; hash: string }): void {
    const known = this.#seen[tag].get(number)
    if (number < this.#last[tag])
      this.problem ??= `${tag} went back from ${this.#last[tag]} to ${number}`
    if (known !== undefined && known !== hash) this.problem ??= `${tag} ${number} was replaced`
    this.#last[tag] = number
    this.#seen[tag].set(number, hash)
  }

  async #block(tag: string): Promise<{ number: number; hash: string } | null> {
    const block = await rpc(this.#url, 'eth_getBlockByNumber', [tag, false])
    if (typeof block !== 'object' || block === null) return null
    return {
      number: Number(Reflect.get(block, 'number')),
      hash: String(Reflect.get(block, 'hash')),
    }
  }
}
