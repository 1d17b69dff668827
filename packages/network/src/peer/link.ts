import type { Connection } from '@libp2p/interface'
import type { PeerId } from '../network.ts'
import type { ControlStream } from './control-stream.ts'

/** A connection to a peer that has said hello for the right chain. */
export interface Link {
  readonly peer: PeerId
  readonly connection: Connection
  readonly control: ControlStream
  readonly connectedAt: number
  latencyMs: number | null
}
