import type { Connection, PrivateKey } from '@libp2p/interface'
import type { Logger, Scope } from '@quoin/kernel'
import type { Admission } from '../admission/admission.ts'
import type { Reputation } from '../admission/reputation.ts'
import { AddressBook } from '../discovery/address-book.ts'
import { Dialer } from '../discovery/dialer.ts'
import { loadState, saveState } from '../discovery/state-file.ts'
import { closeConnection } from '../host/abort-connection.ts'
import type { Host } from '../host/open-host.ts'
import type { NetworkLimits } from '../limits.ts'
import type { NetworkOptions, Offence, PeerId } from '../network.ts'
import type { Refusal } from '../wire/control.ts'
import { Greeter } from './greeter.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Link } from './link.ts'
import { PeerExchange } from './peer-exchange.ts'
import type { Peers } from './peers.ts'

export interface ConnectorOptions extends Omit<NetworkOptions, 'limits' | 'logger'> {
  readonly self: PeerId
  readonly key: PrivateKey
  readonly host: Host
  readonly peers: Peers
  readonly limits: NetworkLimits
  readonly logger: Logger
  readonly scope: Scope
  readonly admission: Admission
  readonly reputation: Reputation
}

const saveMs = 30_000

/** Keeps the right peers connected: greets, watches, exchanges addresses, dials, sends away. */
export class Connector {
  readonly #options: ConnectorOptions
  readonly book: AddressBook
  readonly dialer: Dialer
  readonly greeter: Greeter
  readonly #exchange: PeerExchange

  constructor(options: ConnectorOptions) {
    this.#options = options
    const { host, limits, peers, admission, scope, chain, logger, key } = options
    const { signal } = scope
    this.book = new AddressBook(limits.maxKnownPeers)
    this.dialer = new Dialer({
      host,
      limits,
      signal,
      isUnwanted: (peer) => !admission.isWelcome(peer) || peers.get(peer) !== undefined,
      connected: () => peers.size,
    })
    this.#exchange = new PeerExchange({
      key,
      chain,
      limits,
      peers,
      book: this.book,
      signal,
      addresses: () => options.announce ?? host.listening(),
      isWelcome: (peer) => admission.isWelcome(peer),
      onFound: (record) => this.dialer.addPeer(record.peer, record.addresses),
      report: (peer, offence) => this.report(peer, offence),
    })
    this.greeter = new Greeter({
      host,
      chain,
      limits,
      peers,
      logger,
      refuse: (connection) => this.#refusal(connection),
      onLink: (link) => this.#onLink(link),
      onRefused: (connection, reason) => this.#onRefused(connection, reason),
    })
  }

  async start(): Promise<void> {
    const { bootstrap = [], scope } = this.#options
    await this.greeter.start()
    await this.#load()
    for (const address of bootstrap) this.dialer.addBootstrap(address)
    scope.defer(() => this.#farewell())
  }

  report(peer: PeerId, offence: Offence): void {
    const { reputation, logger, peers } = this.#options
    logger.debug({ peer, offence }, 'A peer offended')
    if (!reputation.report(peer, offence)) return
    logger.info({ peer }, 'A peer was banned for a while')
    const link = peers.get(peer)
    if (link !== undefined) sendAway(link, 'banned')
  }

  #refusal({ remotePeer, direction }: Connection): Refusal | undefined {
    const { admission } = this.#options
    const peer = remotePeer.toString()
    if (!admission.isWelcome(peer)) return 'banned'
    return direction === 'inbound' && admission.isFull(peer) ? 'full' : undefined
  }

  #onLink(link: Link): void {
    const { limits, host, logger } = this.#options
    const { peer } = link
    const heartbeat = new Heartbeat(link, { limits, heardAt: () => host.hearing.heardAt(peer) })
    link.control.listen((message) => {
      if (message.type === 'refuse') this.#onRefused(link.connection, message.reason)
      heartbeat.onMessage(message)
      this.#exchange.onMessage(link, message)
    })
    link.connection.addEventListener('close', () => {
      this.dialer.lost(peer, Date.now() - link.connectedAt)
      logger.debug({ peer }, 'A connection to a peer ended')
    })
    this.book.linked(peer)
    this.#exchange.greet(link)
    logger.debug({ peer, direction: link.connection.direction }, 'A peer is connected')
  }

  #onRefused(connection: Connection, reason: Refusal | undefined): void {
    if (reason === undefined || reason === 'duplicate' || reason === 'closing') return
    this.dialer.spurned(connection.remotePeer.toString())
  }

  async #load(): Promise<void> {
    const { statePath, chain, reputation, logger, scope, admission } = this.#options
    if (statePath === undefined) return
    const file = { path: statePath, chain, book: this.book, reputation, logger }
    for (const { peer, addresses } of await loadState(file))
      if (admission.isWelcome(peer)) this.dialer.addPeer(peer, addresses)
    const save = () =>
      saveState(file).catch((error) =>
        logger.warn({ path: statePath, error }, 'Known peers could not be saved'),
      )
    const timer = setInterval(save, saveMs)
    scope.defer(async () => {
      clearInterval(timer)
      await save()
    })
  }

  #farewell(): void {
    for (const link of this.#options.peers.all())
      link.control.send({ type: 'refuse', reason: 'closing' })
  }
}

function sendAway(link: Link, reason: Refusal): void {
  link.control.send({ type: 'refuse', reason })
  closeConnection(link.connection, 'It was banned.')
}
