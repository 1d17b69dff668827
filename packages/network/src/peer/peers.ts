import type { PeerId } from '../network.ts'
import type { Link } from './link.ts'

/** Messages that wait for a handshake at once. */
const maxSettling = 256

/**
 * The peers with whom the handshake succeeded, one link each. Two nodes that dial each other at
 * once have two connections for a moment; both keep the one dialed by the lesser peer id. Among
 * connections of one direction the newest stays, since the peer would not dial without need.
 */
export class Peers {
  readonly #self: PeerId
  readonly #links = new Map<PeerId, Link>()
  readonly #listeners = new Set<(peer: PeerId, link: Link | undefined) => void>()

  #settling = 0

  constructor(self: PeerId) {
    this.#self = self
  }

  get size(): number {
    return this.#links.size
  }

  /** Those who dialed us. */
  get inbound(): number {
    let count = 0
    for (const { connection } of this.#links.values())
      if (connection.direction === 'inbound') count += 1
    return count
  }

  get(peer: PeerId): Link | undefined {
    return this.#links.get(peer)
  }

  all(): Iterable<Link> {
    return this.#links.values()
  }

  /** The listener hears of a first link, of one that takes another's place, and of the last one's end. */
  onChange(listener: (peer: PeerId, link: Link | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Whether the peer is one, waiting a moment for a handshake that its first words have overtaken. */
  settled(peer: PeerId): Promise<boolean> {
    if (this.#links.has(peer)) return Promise.resolve(true)
    if (this.#settling >= maxSettling) return Promise.resolve(false)
    this.#settling += 1
    return new Promise((resolve) => {
      const done = (isPeer: boolean) => {
        clearTimeout(timer)
        stop()
        this.#settling -= 1
        resolve(isPeer)
      }
      const timer = setTimeout(() => done(false), 2_000)
      const stop = this.onChange((changed, link) => {
        if (changed === peer && link !== undefined) done(true)
      })
    })
  }

  /** Takes the link in, or says which link to close instead. */
  add(link: Link): { readonly surplus: Link | undefined } {
    const current = this.#links.get(link.peer)
    if (current !== undefined && !this.#isBetter(link, current)) return { surplus: link }
    this.#links.set(link.peer, link)
    this.#tell(link.peer, link)
    return { surplus: current }
  }

  remove(link: Link): void {
    if (this.#links.get(link.peer) !== link) return
    this.#links.delete(link.peer)
    this.#tell(link.peer, undefined)
  }

  #isBetter(link: Link, current: Link): boolean {
    if (current.connection.status !== 'open') return true
    if (link.connection.direction === current.connection.direction) return true
    const isOursPreferred = this.#self < link.peer
    return (link.connection.direction === 'outbound') === isOursPreferred
  }

  #tell(peer: PeerId, link: Link | undefined): void {
    for (const listener of this.#listeners) listener(peer, link)
  }
}
