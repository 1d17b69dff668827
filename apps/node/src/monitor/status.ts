import type { Chain, ChainStatus } from '@quoin/chain'
import { blockId } from '@quoin/headers'
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
  policy: z.string().nullable(),
  /** Of the last block that is decided; with proof of work, of the heaviest chain. */
  height: z.number(),
  /** Of the execution block, as JSON-RPC has it. */
  headHash: z.string(),
  /** HEIGHT:ID of the last decided block, for who trusts this node; null before one, and with proof of work. */
  checkpoint: z.string().nullable(),
  /** Of the height that is being decided. */
  round: z.number(),
  step: z.string(),
  failure: z.string().nullable(),
  /** Of the node's own key; null for a node without. */
  validator: z.string().nullable(),
  /** Who decides, strongest first; voting powers are decimal text. */
  validators: z.array(z.object({ address: z.string(), power: z.string() })),
  peerId: z.string().nullable(),
  addresses: z.array(z.string()),
  peers: z.array(PeerStatus),
  /** Of a chain of proof of work. */
  work: z
    .object({
      safeHeight: z.number(),
      finalizedHeight: z.number(),
      /** Expected hashes for the next block, decimal text. */
      difficulty: z.string(),
      isSyncing: z.boolean(),
      deepestReorganization: z.number(),
      /** Of this node; null when it does not mine. */
      mining: z.object({ hashesPerSecond: z.number(), minedBlocks: z.number() }).nullable(),
    })
    .nullable(),
  pool: z.object({ pending: z.number(), queued: z.number() }),
})
export type NodeStatus = z.infer<typeof NodeStatus>

export async function readStatus(chain: Chain): Promise<NodeStatus> {
  const status = await chain.status()
  const { engine, height, consensus, peers, execution } = status
  const bft = status.engine === 'bft' ? status : null
  return {
    version,
    chainId: chain.genesis.config.chainId,
    consensus: engine,
    policy: bft?.policy ?? null,
    rpcUrl: chain.rpcUrl,
    height,
    headHash: execution.head.hash,
    checkpoint: await readCheckpoint(chain),
    round: bft?.consensus.round ?? 0,
    step: bft ? bft.consensus.step : 'following',
    failure: consensus.failure?.message ?? null,
    validator: chain.validator,
    validators: (bft?.validators ?? []).map(({ address, power }) => ({
      address,
      power: `${power}`,
    })),
    peerId: chain.network?.peerId ?? null,
    addresses: [...(chain.network?.addresses ?? [])],
    peers: peers.map(({ id, address, direction, latencyMs, score, queues }) => ({
      ...{ id, address, direction, latencyMs, score },
      queued: sum(Object.values(queues).map(({ length }) => length)),
      dropped: sum(Object.values(queues).map(({ dropped }) => dropped)),
    })),
    work: status.engine === 'pow' ? workOf(status.consensus) : null,
    pool: execution.pool,
  }
}

async function readCheckpoint(chain: Chain): Promise<string | null> {
  if (chain.engine !== 'bft') return null
  const last = await chain.blocks.byHeight(chain.blocks.height)
  return last && `${last.block.header.height}:${blockId(last.block.header)}`
}

type PowConsensus = Extract<ChainStatus, { engine: 'pow' }>['consensus']

function workOf(consensus: PowConsensus): NodeStatus['work'] {
  const { safeHeight, finalizedHeight, difficulty, isSyncing, deepestReorganization, mining } =
    consensus
  return {
    ...{
      safeHeight,
      finalizedHeight,
      difficulty: `${difficulty}`,
      isSyncing,
      deepestReorganization,
    },
    mining: mining && {
      hashesPerSecond: mining.hashesPerSecond,
      minedBlocks: mining.minedBlocks,
    },
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
