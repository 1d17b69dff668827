import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { PeerId, PowTransport, Verdict } from '../transport.ts'
import type { VirtualClock } from './virtual-clock.ts'

interface Listeners {
  announce: ((block: Uint8Array, from: PeerId) => Verdict) | null
  serve: ((question: Uint8Array, from: PeerId) => Promise<Uint8Array>) | null
  peer: ((peer: PeerId, isConnected: boolean) => void) | null
  seen: Set<Hex>
}

export interface NetworkOptions {
  clock: VirtualClock
  random: () => number
  /** Mean of one way, in milliseconds. */
  delayMs: number
  /** Of announcements and questions, 0 to 1. */
  loss: number
}

/** A bad network: delays, losses, partitions; gossip floods what a node accepts. */
export class SimulatedNetwork {
  readonly #options: NetworkOptions
  readonly #nodes = new Map<PeerId, Listeners>()
  #sideOf: (peer: PeerId) => number = () => 0
  /** Who was reported how often as invalid. */
  readonly reports = new Map<PeerId, number>()

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  partition(sideOf: (peer: PeerId) => number): void {
    this.#sideOf = sideOf
  }

  heal(): void {
    this.#sideOf = () => 0
  }

  /** Cuts a node off as a crash does; what is under way to it is lost. */
  detach(self: PeerId): void {
    this.#nodes.delete(self)
    for (const each of this.#nodes.values()) each.peer?.(self, false)
  }

  /** To one node, as from another; for attackers. */
  inject(to: PeerId, block: Uint8Array, from: PeerId): void {
    this.#deliver(to, block, from)
  }

  attach(self: PeerId): PowTransport {
    const own: Listeners = { announce: null, serve: null, peer: null, seen: new Set() }
    this.#nodes.set(self, own)
    this.#options.clock.after(1, () => {
      if (this.#nodes.get(self) !== own) return
      for (const [peer, each] of this.#nodes)
        if (peer !== self) {
          each.peer?.(self, true)
          own.peer?.(peer, true)
        }
    })
    return {
      peers: () => [...this.#nodes.keys()].filter((peer) => peer !== self),
      announce: (block) => {
        own.seen.add(idOf(block))
        this.#flood(self, block)
      },
      onAnnounce: (listener) => setAndClear(own, 'announce', listener),
      onPeer: (listener) => setAndClear(own, 'peer', listener),
      serve: (handler) => setAndClear(own, 'serve', handler),
      request: (peer, question, { signal }) => this.#request(self, peer, { question, signal }),
      report: (peer, offence) => {
        if (offence === 'invalid') this.reports.set(peer, (this.reports.get(peer) ?? 0) + 1)
      },
    }
  }

  #flood(from: PeerId, block: Uint8Array): void {
    for (const to of this.#nodes.keys())
      if (to !== from && !this.#isLost(from, to))
        this.#options.clock.after(this.#delay(), () => this.#deliver(to, block, from))
  }

  #deliver(to: PeerId, block: Uint8Array, from: PeerId): void {
    const node = this.#nodes.get(to)
    const id = idOf(block)
    if (!node?.announce || node.seen.has(id)) return
    node.seen.add(id)
    if (node.announce(block, from) === 'accept') this.#flood(to, block)
  }

  #request(
    from: PeerId,
    to: PeerId,
    { question, signal }: { question: Uint8Array; signal: AbortSignal },
  ): Promise<Uint8Array> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      if (this.#isLost(from, to)) return
      clock.after(this.#delay(), () => {
        this.#nodes
          .get(to)
          ?.serve?.(question, from)
          .then(
            (bytes) => {
              if (!this.#isLost(to, from)) clock.after(this.#delay(), () => resolve(bytes))
            },
            (error) => clock.after(this.#delay(), () => reject(error)),
          )
      })
    })
  }

  #isLost(from: PeerId, to: PeerId): boolean {
    return this.#sideOf(from) !== this.#sideOf(to) || this.#options.random() < this.#options.loss
  }

  #delay(): number {
    return this.#options.delayMs * (0.5 + this.#options.random())
  }
}

function setAndClear<Name extends 'announce' | 'peer' | 'serve'>(
  own: Listeners,
  name: Name,
  listener: NonNullable<Listeners[Name]>,
): () => void {
  Object.assign(own, { [name]: listener })
  return () => Object.assign(own, { [name]: null })
}

function idOf(block: Uint8Array): Hex {
  return bytesToHex(keccak256(block))
}
