import type { PeerId } from '../network.ts'
import { isVisible, narrowest, type Scope } from './address-scope.ts'
import type { PeerRecord } from './peer-record.ts'

interface Entry {
  record: PeerRecord
  /** When we last had a link to the peer; 0 for hearsay. */
  linkedAt: number
}

/** Records older than a link by this are not passed on. */
const freshMs = 24 * 3_600_000

/** Signed addresses of peers, bounded; what was never reached goes first. */
export class AddressBook {
  readonly #maxPeers: number
  readonly #entries = new Map<PeerId, Entry>()

  constructor(maxPeers: number) {
    this.#maxPeers = maxPeers
  }

  get size(): number {
    return this.#entries.size
  }

  records(): readonly { readonly record: PeerRecord; readonly linkedAt: number }[] {
    return [...this.#entries.values()]
  }

  /** Takes a record that was opened; whether it told anything new. */
  add(record: PeerRecord, linkedAt = 0): boolean {
    const known = this.#entries.get(record.peer)
    if (known !== undefined) {
      known.linkedAt = Math.max(known.linkedAt, linkedAt)
      const isNewer = record.at > known.record.at
      const saysMore =
        record.at === known.record.at && record.addresses.length > known.record.addresses.length
      if (isNewer || saysMore) known.record = record
      return isNewer || saysMore
    }
    if (this.#entries.size >= this.#maxPeers && !this.#makeRoom(linkedAt)) return false
    this.#entries.set(record.peer, { record, linkedAt })
    return true
  }

  linked(peer: PeerId): void {
    const entry = this.#entries.get(peer)
    if (entry !== undefined) entry.linkedAt = Date.now()
  }

  /** Up to `count` records to tell a peer at `scope`: only of peers we ourselves were linked to lately. */
  toTell(scope: Scope, count: number): readonly PeerRecord[] {
    const since = Date.now() - freshMs
    const good = [...this.#entries.values()].filter(
      ({ record, linkedAt }) =>
        linkedAt > since &&
        record.addresses.length > 0 &&
        isVisible(narrowest(record.addresses), scope),
    )
    return shuffled(good)
      .slice(0, count)
      .map(({ record }) => record)
  }

  #makeRoom(linkedAt: number): boolean {
    let oldest: { peer: PeerId; linkedAt: number } | undefined
    for (const [peer, entry] of this.#entries)
      if (oldest === undefined || entry.linkedAt < oldest.linkedAt)
        oldest = { peer, linkedAt: entry.linkedAt }
    if (oldest === undefined || oldest.linkedAt > linkedAt) return false
    return this.#entries.delete(oldest.peer)
  }
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
