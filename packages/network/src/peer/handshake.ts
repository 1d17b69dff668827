import type { Connection, Stream } from '@libp2p/interface'
import type { Hex } from '@quoin/kernel'
import { networkError } from '../errors.ts'
import { abortConnection } from '../host/abort-connection.ts'
import { type ControlMessage, protocolVersion, type Refusal } from '../wire/control.ts'
import { ControlStream } from './control-stream.ts'
import type { Link } from './link.ts'

export const controlProtocol = '/quoin/control/1'

export interface HandshakeOptions {
  readonly connection: Connection
  readonly stream: Stream
  readonly chain: Hex
  readonly signal: AbortSignal
  /** A reason to refuse a peer whose hello is fine. */
  readonly refuse: () => Refusal | undefined
  /** Called in the very turn in which the peer proves right, before any later byte is read. */
  readonly onLink: (link: Link) => void
}

/**
 * The dialer says hello first; the other side compares protocol version and chain and answers with
 * its own hello or a refusal. Rejects with PEER_REFUSED when either side does not want the other.
 */
export function shakeHands(options: HandshakeOptions): Promise<void> {
  const { connection, chain } = options
  const isDialer = connection.direction === 'outbound'
  return new Promise((resolve, reject) => {
    let isDone = false
    const fail = (error: unknown) => reject(error)
    const control = new ControlStream(options.stream, (error) => {
      fail(error ?? refused(connection, 'the peer hung up'))
      // Without its control stream a peer can be neither watched nor asked.
      if (isDone) abortConnection(connection, 'The control stream ended.')
    })
    const hello = () => control.send({ type: 'hello', version: protocolVersion, chain })
    options.signal.addEventListener('abort', () => fail(refused(connection, 'no hello in time')))
    control.listen((message) => {
      const reason = judge(message, options)
      if (reason !== undefined) {
        if (message.type !== 'refuse') control.send({ type: 'refuse', reason })
        return fail(refused(connection, reason))
      }
      if (!isDialer) hello()
      isDone = true
      options.onLink({
        peer: connection.remotePeer.toString(),
        connection,
        control,
        connectedAt: Date.now(),
        latencyMs: null,
      })
      resolve()
    })
    if (isDialer) hello()
  })
}

function judge(message: ControlMessage, options: HandshakeOptions): Refusal | undefined {
  if (message.type === 'refuse') return message.reason
  if (message.type !== 'hello' || message.version !== protocolVersion) return 'version'
  if (message.chain !== options.chain) return 'chain'
  return options.refuse()
}

function refused(connection: Connection, reason: string) {
  const peer = connection.remotePeer.toString()
  return networkError('PEER_REFUSED', `No handshake with peer ${peer}: ${reason}.`, {
    detail: { peer, reason },
  })
}
