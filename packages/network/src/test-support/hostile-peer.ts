import { randomBytes } from 'node:crypto'
import type { Connection, PrivateKey, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'
import { networkKey, peerIdOf } from '../identity.ts'
import { controlProtocol } from '../peer/handshake.ts'
import { encodeControl, protocolVersion } from '../wire/control.ts'
import { encodeFrame } from '../wire/frame.ts'
import { testChain } from './open-test-network.ts'

/** A libp2p node without any of our manners: it says what a test tells it to. */
export class HostilePeer implements AsyncDisposable {
  readonly #libp2p: Libp2p
  readonly peerId: string

  private constructor(libp2p: Libp2p) {
    this.#libp2p = libp2p
    this.peerId = libp2p.peerId.toString()
  }

  static async open(): Promise<HostilePeer> {
    const bytes = randomBytes(32)
    const privateKey: PrivateKey = networkKey(bytes)
    const node = await createLibp2p({
      privateKey,
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionMonitor: { enabled: false },
    })
    if (node.peerId.toString() !== peerIdOf(bytes)) throw new Error('The keys differ.')
    return new HostilePeer(node)
  }

  dial(address: string): Promise<Connection> {
    return this.#libp2p.dial(multiaddr(address), { force: true })
  }

  /** Connects and says a proper hello; resolves when the other side has answered. */
  async greet(
    address: string,
    chain = testChain,
  ): Promise<{ connection: Connection; control: Stream }> {
    const connection = await this.dial(address)
    const control = await connection.newStream(controlProtocol)
    const answered = new Promise((resolve) =>
      control.addEventListener('message', resolve, { once: true }),
    )
    control.send(encodeFrame(encodeControl({ type: 'hello', version: protocolVersion, chain })))
    await answered
    return { connection, control }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#libp2p.stop()
  }
}
