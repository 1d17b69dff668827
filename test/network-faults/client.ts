import { setTimeout as sleep } from 'node:timers/promises'
import { keccak256 } from 'viem'
import { rpc } from './rpc.ts'
import { chainId, type Sender } from './setting.ts'

/** A node that clients can ask. */
export interface Served {
  readonly rpcUrl: string
}

/**
 * Sends transfers one after the other until it is told to stop, each to another node, and waits for
 * the receipt of each before the next: what no node takes, or what is not in a block after some
 * seconds, it sends again elsewhere, as wallets do.
 */
export class Client implements Disposable {
  readonly #sender: Sender
  readonly #nodes: readonly Served[]
  readonly #done: Promise<void>
  #isStopping = false
  #isAbandoned = false
  #next: number
  /** Hashes that a node took, in the order of their nonces. */
  readonly acknowledged: string[] = []

  constructor(sender: Sender, nodes: readonly Served[], first: number) {
    this.#sender = sender
    this.#nodes = nodes
    this.#next = first
    this.#done = this.#run()
    this.#done.catch(() => undefined)
  }

  /** Resolves when the last one sent has its receipt. */
  stop(): Promise<void> {
    this.#isStopping = true
    return this.#done
  }

  /** Ends even when what was sent never comes. */
  [Symbol.dispose](): void {
    this.#isStopping = true
    this.#isAbandoned = true
  }

  async #run(): Promise<void> {
    for (let nonce = 0; !this.#isStopping; nonce++) {
      const raw = await this.#sender.account.signTransaction({
        chainId,
        nonce,
        to: this.#sender.sink,
        value: 1n,
        gas: 30_000n,
        maxFeePerGas: 3_000_000_000n,
        maxPriorityFeePerGas: 0n,
      })
      const hash = keccak256(raw)
      await this.#send(raw)
      this.acknowledged.push(hash)
      while (!this.#isAbandoned && !(await this.#hasReceipt(hash, 4_000)))
        await this.#send(raw).catch(() => undefined)
    }
  }

  async #send(raw: string): Promise<void> {
    for (let attempt = 0; attempt < 400 && !this.#isAbandoned; attempt++) {
      const answer = await rpc(this.#node().rpcUrl, 'eth_sendRawTransaction', [raw]).catch(String)
      if (
        !/error|timeout|fetch failed/i.test(`${answer}`) ||
        /known|already|nonce/i.test(`${answer}`)
      )
        return
      await sleep(50)
    }
    throw new Error('No node took the transaction.')
  }

  async #hasReceipt(hash: string, limitMs: number): Promise<boolean> {
    const end = performance.now() + limitMs
    while (performance.now() < end) {
      const receipt = await rpc(this.#node().rpcUrl, 'eth_getTransactionReceipt', [hash]).catch(
        () => null,
      )
      if (receipt !== null) return true
      await sleep(25)
    }
    return false
  }

  #node(): Served {
    const node = this.#nodes[this.#next++ % this.#nodes.length]
    if (node === undefined) throw new Error('There are no nodes.')
    return node
  }
}
