import type { PrivateKey } from '@libp2p/interface'
import type { Hex } from '@quoin/kernel'
import { TokenBucket } from '../admission/token-bucket.ts'
import type { AddressBook } from '../discovery/address-book.ts'
import { isVisible, narrowest, type Scope, scopeOf } from '../discovery/address-scope.ts'
import { openRecord, type PeerRecord, signRecord } from '../discovery/peer-record.ts'
import type { NetworkLimits } from '../limits.ts'
import type { Offence, PeerId } from '../network.ts'
import { type ControlMessage, maxRecordsTold } from '../wire/control.ts'
import type { Link } from './link.ts'
import type { Peers } from './peers.ts'

export interface PeerExchangeOptions {
  readonly key: PrivateKey
  readonly chain: Hex
  readonly limits: NetworkLimits
  readonly peers: Peers
  readonly book: AddressBook
  readonly signal: AbortSignal
  /** Our own addresses without /p2p/. */
  readonly addresses: () => readonly string[]
  readonly isWelcome: (peer: PeerId) => boolean
  /** A peer whose addresses are new to us. */
  readonly onFound: (record: PeerRecord) => void
  readonly report: (peer: PeerId, offence: Offence) => void
}

/** An answer is owed at most this often to one peer, and questions come at most this seldom. */
const answerMs = 1_000
const maxAskMs = 60_000

/**
 * Tells each peer our own signed addresses and those of peers we were linked to, and asks for
 * theirs while we have too few. Addresses go only to peers at least as near as the addresses
 * themselves: nothing of this host leaves it, nothing of a private network leaves that.
 */
export class PeerExchange {
  readonly #options: PeerExchangeOptions
  readonly #answeredAt = new WeakMap<Link, number>()
  readonly #patience = new WeakMap<Link, TokenBucket>()
  #askMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(options: PeerExchangeOptions) {
    this.#options = options
    this.#askMs = options.limits.exchangeMs
    this.#schedule()
    options.signal.addEventListener('abort', () => clearTimeout(this.#timer))
  }

  greet(link: Link): void {
    this.#tellOwn(link).catch(() => undefined)
    link.control.send({ type: 'ask-records' })
    this.#askMs = this.#options.limits.exchangeMs
  }

  /** Takes what concerns addresses; other messages pass by. */
  onMessage(link: Link, message: ControlMessage): void {
    if (message.type === 'ask-records') this.#answer(link)
    if (message.type === 'records' && this.#isPatientWith(link))
      this.#learn(link, message.records).catch(() => this.#options.report(link.peer, 'invalid'))
  }

  /** Signatures cost a millisecond to check: who keeps sending records is no longer heard. */
  #isPatientWith(link: Link): boolean {
    const now = performance.now()
    const bucket =
      this.#patience.get(link) ?? new TokenBucket({ burst: 8, perSecond: 0.5, nowMs: now })
    this.#patience.set(link, bucket)
    const isFine = bucket.take(now)
    if (!isFine) this.#options.report(link.peer, 'useless')
    return isFine
  }

  async #tellOwn(link: Link): Promise<void> {
    const { key, chain, addresses } = this.#options
    const scope = scopeOfLink(link)
    const visible = addresses().filter((address) =>
      isVisible(scopeOf(address) ?? 'loopback', scope),
    )
    if (visible.length === 0) return
    const record = await signRecord(key, { chain, at: Date.now(), addresses: visible })
    link.control.send({ type: 'records', records: [record.bytes] })
  }

  #answer(link: Link): void {
    const now = performance.now()
    if (now - (this.#answeredAt.get(link) ?? Number.NEGATIVE_INFINITY) < answerMs) return
    this.#answeredAt.set(link, now)
    const told = this.#options.book
      .toTell(scopeOfLink(link), maxRecordsTold)
      .filter(({ peer }) => peer !== link.peer && this.#options.isWelcome(peer))
    if (told.length > 0)
      link.control.send({ type: 'records', records: told.map(({ bytes }) => bytes) })
  }

  async #learn(link: Link, records: readonly Uint8Array[]): Promise<void> {
    const { book, chain, isWelcome, onFound } = this.#options
    for (const bytes of records) {
      const record = await openRecord(bytes, chain)
      if (!isWelcome(record.peer)) continue
      if (!isVisible(narrowest(record.addresses), scopeOfLink(link))) continue
      const isOwn = record.peer === link.peer
      if (!book.add(record, isOwn ? Date.now() : 0)) continue
      this.#askMs = this.#options.limits.exchangeMs
      onFound(record)
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      const { peers, limits } = this.#options
      const links = [...peers.all()]
      const link = links[Math.floor(Math.random() * links.length)]
      if (link !== undefined && links.length < limits.targetPeers)
        link.control.send({ type: 'ask-records' })
      this.#askMs = Math.min(maxAskMs, this.#askMs * 1.5)
      this.#schedule()
    }, this.#askMs)
  }
}

const scopeOfLink = (link: Link): Scope =>
  scopeOf(link.connection.remoteAddr.toString()) ?? 'public'
