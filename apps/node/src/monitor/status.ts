import type { Chain } from '@quoin/chain'
import { z } from 'zod'
import { version } from '../version.ts'

/** Another node, as this one sees it. */
const PeerStatus = z.object({
  id: z.string(),
  address: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  /** Round trip; null before the first. */
  latencyMs: z.number().nullable(),
  /** 0 is spotless. */
  score: z.number(),
  /** Messages that wait to be sent to it, and those dropped since it connected. */
  queued: z.number(),
  dropped: z.number(),
})

/** What a node says of its chain at GET /status. */
export const NodeStatus = z.object({
  version: z.string(),
  chainId: z.number(),
  consensus: z.enum(['bft', 'pow']),
  rpcUrl: z.string(),
  /** Of the last block that is decided; with proof of work, of the heaviest chain. */
  height: z.number(),
  headHash: z.string(),
  /** Of the height that is being decided. */
  round: z.number(),
  step: z.string(),
  failure: z.string().nullable(),
  validator: z.string().nullable(),
  peerId: z.string().nullable(),
  addresses: z.array(z.string()),
  peers: z.array(PeerStatus),
  pool: z.object({ pending: z.number(), queued: z.number() }),
})
export type NodeStatus = z.infer<typeof NodeStatus>

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
