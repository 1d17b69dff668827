import type { Chain } from '@quoin/chain'
import type { Hex } from '@quoin/kernel'
import { version } from '../version.ts'

/** Another node, as this one sees it. */
export interface PeerStatus {
  id: string
  address: string
  direction: 'inbound' | 'outbound'
  /** Round trip; null before the first. */
  latencyMs: number | null
  score: number
}

/** What a node says of its chain at GET /status. */
export interface NodeStatus {
  version: string
  chainId: number
  consensus: 'bft' | 'pow'
  rpcUrl: string
  /** Of the last block that is decided; with proof of work, of the heaviest chain. */
  height: number
  headHash: Hex
  /** Of the height that is being decided. */
  round: number
  step: string
  failure: string | null
  validator: Hex
  peerId: string | null
  addresses: readonly string[]
  peers: PeerStatus[]
  pool: { pending: number; queued: number }
}

export async function readStatus(chain: Chain): Promise<NodeStatus> {
  const { config } = chain.genesis
  const { round, step, failure } = chain.consensus.status
  const { head, pool } = await chain.execution.status()
  return {
    version,
    chainId: config.chainId,
    consensus: config.quoin.consensus.engine,
    rpcUrl: chain.rpcUrl,
    height: Number(head.number),
    headHash: head.hash,
    round,
    step,
    failure: failure?.message ?? null,
    validator: chain.validator,
    peerId: null,
    addresses: [],
    peers: [],
    pool,
  }
}
