import type { Chain } from '@quoin/chain'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { NodeStatus } from './status.ts'

/** Prometheus metrics of one node's chain, in a registry of its own. */
export interface ChainMetrics extends Disposable {
  readonly contentType: string
  /** The text exposition format. */
  text(): Promise<string>
}

const intervalBuckets = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300]
const roundBuckets = [0, 1, 2, 3, 5, 10, 20]

/** What is a state is read at each scrape; what is an event is counted when it happens. */
export function createChainMetrics(
  chain: Chain,
  readStatus: () => Promise<NodeStatus>,
): ChainMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'quoin_' })
  const update = addState(registry)
  const stop = countBlocks(registry, chain)
  return {
    contentType: registry.contentType,
    async text() {
      update(await readStatus())
      return registry.metrics()
    },
    [Symbol.dispose]: stop,
  }
}

function addState(registry: Registry): (status: NodeStatus) => void {
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  const round = gauge('quoin_consensus_round', 'Round of the height that is being decided')
  const failed = gauge('quoin_consensus_failed', '1 when the node has stopped by itself')
  const pool = gauge('quoin_pool_transactions', 'Transactions that wait', ['state'])
  const peers = gauge('quoin_peers', 'Connected nodes', ['direction'])
  const latency = gauge('quoin_peer_latency_seconds', 'Last round trip to a node', ['peer'])
  const queue = gauge('quoin_peer_queue_messages', 'Messages that wait to be sent', ['peer'])
  const dropped = gauge('quoin_peer_dropped_messages', 'Not sent: the queue was full', ['peer'])
  const validators = gauge('quoin_validators', 'Who decides the next height')
  const score = gauge('quoin_peer_score', '0 is spotless', ['peer'])
  const height = gauge('quoin_chain_height', 'Height of the newest block')
  const updateWork = addWork(gauge)
  return (status) => {
    height.set(status.height)
    round.set(status.round)
    failed.set(status.failure === null ? 0 : 1)
    pool.set({ state: 'pending' }, status.pool.pending)
    pool.set({ state: 'queued' }, status.pool.queued)
    for (const direction of ['inbound', 'outbound'])
      peers.set({ direction }, status.peers.filter((peer) => peer.direction === direction).length)
    validators.set(status.validators.length)
    for (const perPeer of [latency, score, queue, dropped]) perPeer.reset()
    for (const peer of status.peers) {
      score.set({ peer: peer.id }, peer.score)
      queue.set({ peer: peer.id }, peer.queued)
      dropped.set({ peer: peer.id }, peer.dropped)
      if (peer.latencyMs !== null) latency.set({ peer: peer.id }, peer.latencyMs / 1000)
    }
    updateWork(status)
  }
}

type MakeGauge = (name: string, help: string) => Gauge

function addWork(gauge: MakeGauge): (status: NodeStatus) => void {
  const difficulty = gauge('quoin_pow_difficulty', 'Expected hashes for the next block')
  const hashRate = gauge('quoin_pow_hashes_per_second', 'Of this node')
  const mined = gauge('quoin_pow_mined_blocks', 'Blocks that this node found since it started')
  const deepest = gauge('quoin_pow_deepest_reorganization', 'Blocks removed at once, at most')
  return ({ work }) => {
    if (!work) return
    difficulty.set(Number(work.difficulty))
    hashRate.set(work.mining?.hashesPerSecond ?? 0)
    mined.set(work.mining?.minedBlocks ?? 0)
    deepest.set(work.deepestReorganization)
  }
}

function countBlocks(registry: Registry, chain: Chain): () => void {
  const registers = [registry]
  const rounds = new Histogram({
    name: 'quoin_consensus_decided_round',
    help: 'Round in which a block was decided; above 0, a proposer was silent or slow',
    buckets: roundBuckets,
    registers,
  })
  const interval = new Histogram({
    name: 'quoin_consensus_block_interval_seconds',
    help: 'Time between two decided blocks',
    buckets: intervalBuckets,
    registers,
  })
  const votes = new Counter({
    name: 'quoin_consensus_votes_total',
    help: 'Precommits in the certificates of decided blocks',
    registers,
  })
  const transactions = new Counter({
    name: 'quoin_chain_transactions_total',
    help: 'Transactions in decided blocks',
    registers,
  })
  const evidence = new Counter({
    name: 'quoin_consensus_evidence_total',
    help: 'Validators caught contradicting themselves',
    labelNames: ['kind'],
    registers,
  })
  if (chain.engine !== 'bft') return () => {}
  let last: number | null = null
  const stops = [
    chain.consensus.onDecided(({ block, certificate }) => {
      const now = performance.now()
      if (last !== null) interval.observe((now - last) / 1000)
      last = now
      rounds.observe(certificate.round)
      votes.inc(certificate.signatures.length)
      transactions.inc(block.payload.transactions.length)
    }),
    chain.consensus.onEvidence(({ kind }) => evidence.inc({ kind })),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
