import { CodedError } from '@quoin/kernel'
import { decodeMessage, encodeMessage, type Message } from '../../codec/messages.ts'
import type { BlockRange, PeerId, Transport } from '../../engine/transport.ts'
import type { DecidedBlock } from '../../storage/block-store.ts'
import type { Agenda } from '../agenda.ts'
import type { Random } from '../random.ts'

/** How bad the network is now. */
export interface Conditions {
  loss: number
  duplicates: number
  minDelayMs: number
  maxDelayMs: number
}

export interface NetworkHooks {
  /** Whether `to` hears nothing from `from` now. */
  isCut(from: PeerId, to: PeerId): boolean
  onDelivery(from: PeerId, to: PeerId, message: Message): void
  onReport(reporter: PeerId, peer: PeerId, offence: string): void
}

/** What a byzantine node does with its network: it may say anything, and different things to each peer. */
export interface Wire {
  outgoing(message: Message, to: PeerId): readonly (Message | Uint8Array)[]
  incoming(message: Message, from: PeerId): void
  blocks(range: BlockRange, honest: () => Promise<DecidedBlock[]>): Promise<DecidedBlock[]>
}

const requestTimeoutMs = 2000

/** Endpoints that send bytes to each other, more or less reliably. */
export class SimulatedNetwork {
  conditions: Conditions = { loss: 0, duplicates: 0, minDelayMs: 5, maxDelayMs: 30 }
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #hooks: NetworkHooks
  readonly #endpoints = new Map<PeerId, Endpoint>()
  /** Peers whose queue lets only so many messages wait; what comes on top is lost. */
  readonly #slow = new Map<PeerId, { queue: number; waiting: number }>()

  constructor(agenda: Agenda, random: Random, hooks: NetworkHooks) {
    this.#agenda = agenda
    this.#random = random
    this.#hooks = hooks
  }

  get peers(): PeerId[] {
    return [...this.#endpoints.keys()]
  }

  connect(id: PeerId, wire: Wire | null): Endpoint {
    const endpoint = new Endpoint(id, this, wire)
    this.#endpoints.set(id, endpoint)
    for (const [peer, other] of this.#endpoints) if (peer !== id) other.notice(id, true)
    return endpoint
  }

  disconnect(id: PeerId): void {
    if (!this.#endpoints.delete(id)) return
    for (const other of this.#endpoints.values()) other.notice(id, false)
  }

  makeSlow(id: PeerId, queue: number): void {
    this.#slow.set(id, { queue, waiting: 0 })
  }

  carry(from: PeerId, to: PeerId, bytes: Uint8Array): void {
    if (!this.#endpoints.has(to) || this.#isLost(from, to)) return
    const copies = this.#random.chance(this.conditions.duplicates) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) this.#arriveLater(from, to, bytes)
  }

  async request(
    from: PeerId,
    to: PeerId,
    range: BlockRange,
    signal: AbortSignal,
  ): Promise<DecidedBlock[]> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<DecidedBlock[]>()
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    const timer = this.#agenda.after(requestTimeoutMs, () =>
      reject(new CodedError('TIMEOUT', `${to} does not answer`)),
    )
    if (!this.#isLost(from, to))
      this.#agenda.after(this.#delayMs(), () =>
        this.#endpoints
          .get(to)
          ?.serve(range)
          .then(
            (blocks) => {
              if (!this.#isLost(to, from))
                this.#agenda.after(this.#delayMs(), () => resolve(blocks))
            },
            () => {},
          ),
      )
    return promise.finally(() => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', stop)
    })
  }

  report(reporter: PeerId, peer: PeerId, offence: string): void {
    this.#hooks.onReport(reporter, peer, offence)
  }

  #isLost(from: PeerId, to: PeerId): boolean {
    return this.#hooks.isCut(from, to) || this.#random.chance(this.conditions.loss)
  }

  #delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.conditions
    return minDelayMs + this.#random.next() * this.#random.between(0, maxDelayMs - minDelayMs)
  }

  #arriveLater(from: PeerId, to: PeerId, bytes: Uint8Array): void {
    const slow = this.#slow.get(to)
    if (slow && slow.waiting >= slow.queue) return
    if (slow) slow.waiting += 1
    const target = this.#endpoints.get(to)
    const delayMs = this.#delayMs() + (slow ? 20 * slow.waiting : 0)
    this.#agenda.after(delayMs, () => {
      if (slow) slow.waiting -= 1
      if (target && this.#endpoints.get(to) === target) this.#arrive(from, target, bytes)
    })
  }

  #arrive(from: PeerId, target: Endpoint, bytes: Uint8Array): void {
    try {
      const message = decodeMessage(bytes)
      this.#hooks.onDelivery(from, target.id, message)
      target.hear(message, from)
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'INVALID_ENCODING') throw error
      this.report(target.id, from, 'undecodable')
    }
  }
}

class Endpoint implements Transport {
  readonly id: PeerId
  readonly #network: SimulatedNetwork
  readonly #wire: Wire | null
  readonly #onMessage = new Set<(message: Message, from: PeerId) => void>()
  readonly #onPeer = new Set<(peer: PeerId, isConnected: boolean) => void>()
  #handler: (range: BlockRange) => Promise<DecidedBlock[]> = async () => []

  constructor(id: PeerId, network: SimulatedNetwork, wire: Wire | null) {
    this.id = id
    this.#network = network
    this.#wire = wire
  }

  peers(): readonly PeerId[] {
    return this.#network.peers.filter((peer) => peer !== this.id)
  }

  broadcast(message: Message): void {
    const bytes = this.#wire ? null : encodeMessage(message)
    for (const peer of this.peers())
      if (bytes) this.#network.carry(this.id, peer, bytes)
      else this.send(peer, message)
  }

  send(peer: PeerId, message: Message): void {
    const said = this.#wire ? this.#wire.outgoing(message, peer) : [message]
    for (const each of said)
      this.sendBytes(peer, each instanceof Uint8Array ? each : encodeMessage(each))
  }

  /** Whatever they are. */
  sendBytes(peer: PeerId, bytes: Uint8Array): void {
    this.#network.carry(this.id, peer, bytes)
  }

  onMessage(listener: (message: Message, from: PeerId) => void): () => void {
    this.#onMessage.add(listener)
    return () => this.#onMessage.delete(listener)
  }

  onPeer(listener: (peer: PeerId, isConnected: boolean) => void): () => void {
    this.#onPeer.add(listener)
    return () => this.#onPeer.delete(listener)
  }

  requestBlocks(
    peer: PeerId,
    range: BlockRange,
    { signal }: { signal: AbortSignal },
  ): Promise<DecidedBlock[]> {
    return this.#network.request(this.id, peer, range, signal)
  }

  serveBlocks(handler: (range: BlockRange) => Promise<DecidedBlock[]>): () => void {
    this.#handler = handler
    return () => {
      this.#handler = async () => []
    }
  }

  report(peer: PeerId, offence: 'invalid' | 'useless'): void {
    this.#network.report(this.id, peer, offence)
  }

  hear(message: Message, from: PeerId): void {
    this.#wire?.incoming(message, from)
    for (const listener of this.#onMessage) listener(message, from)
  }

  notice(peer: PeerId, isConnected: boolean): void {
    for (const listener of this.#onPeer) listener(peer, isConnected)
  }

  async serve(range: BlockRange): Promise<DecidedBlock[]> {
    const honest = () => this.#handler(range)
    return this.#wire ? this.#wire.blocks(range, honest) : honest()
  }
}

export type { Endpoint }
