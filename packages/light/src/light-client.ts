import type { Hex } from '@quoin/kernel'
import { beginState } from './chain/begin-state.ts'
import { CertificateClient } from './chain/certificate-client.ts'
import { isSameRoot, type LightStore, parseState, type TrustRoot } from './chain/trust-state.ts'
import type { TrustedPoint } from './chain/verify-header.ts'
import { lightError } from './errors.ts'
import type { WitnessReport } from './fork/compare-witness.ts'
import type { ForkEvidence } from './fork/fork-evidence.ts'
import { BlockSource } from './provider/block-source.ts'
import type { LightProvider } from './provider/interface.ts'

export interface LightClientOptions {
  /** The first is asked; the others witness that it shows the same chain, and stand in when it fails. */
  providers: readonly LightProvider[]
  /** Where trust begins. Left out, a kept state must be there. Another root than the kept one begins anew. */
  root?: TrustRoot
  /** Refuses chains with another id. */
  chainId?: bigint
  /**
   * How long the signatures of a validator set are believed, in milliseconds: less than what a validator's
   * stake stays bound after it leaves, less two epochs. `Infinity` where validators are not bought and left.
   */
  trustingPeriodMs?: number
  /** How far a block's time may be ahead of this clock. */
  maxClockDriftMs?: number
  /** An older newest block is refused. More than the chain's heartbeat. */
  maxHeadAgeMs?: number
  /** `sequential` proves every header: as safe, slower; for comparison and for chains whose sets change wildly. */
  mode?: 'skipping' | 'sequential'
  store?: LightStore
  nowMs?: () => number
  signal?: AbortSignal
}

type Options = { signal?: AbortSignal }

/** Follows one chain by its certificates and believes nothing else. */
export interface LightClient {
  readonly root: TrustRoot
  readonly chainId: bigint
  readonly genesisId: Hex
  /** The newest block that is proven. */
  readonly newest: TrustedPoint
  /** Not null once two certified blocks were seen at one height: then every method throws `CHAIN_FORKED`. */
  readonly fork: ForkEvidence | null
  /** What the witnesses said when the newest block was proven. */
  readonly witnesses: readonly WitnessReport[]
  readonly providers: readonly LightProvider[]
  /**
   * Goes to the newest block that the servers show.
   * @throws CodedError `TRUST_EXPIRED`, `HEAD_STALE`, `CHAIN_FORKED`, `HEADER_UNPROVEN`, `SERVER_LIED`, `SERVER_FAILED`
   */
  update(options?: Options): Promise<TrustedPoint>
  /**
   * The proven block at a height up to the newest one.
   * @throws CodedError `NOT_AVAILABLE` beyond it, and as `update`
   */
  at(height: number, options?: Options): Promise<TrustedPoint>
  /**
   * All proven blocks from one height to another, up to the newest, ascending. At most 10,000.
   * @throws CodedError `TOO_MUCH`, and as `at`
   */
  range(from: number, to: number, options?: Options): Promise<TrustedPoint[]>
}

/** @throws CodedError `STATE_INVALID`, `SERVER_LIED`, `SERVER_FAILED`, `NOT_AVAILABLE`, `NOT_VERIFIABLE` */
export async function createLightClient(options: LightClientOptions): Promise<LightClient> {
  const sources = options.providers.map((provider) => new BlockSource(provider))
  if (sources.length === 0)
    throw lightError('SERVER_FAILED', 'A light client needs a server to ask')
  const signal = options.signal ?? new AbortController().signal
  const { root, store, chainId } = options
  const text = (await store?.load()) ?? null
  const kept = text === null ? null : parseState(text)
  const state = kept && (!root || isSameRoot(root, kept.root)) ? kept : null
  const begun = state ?? (await beginState(sources, root, signal))
  if (chainId !== undefined && begun.domain.chainId !== chainId)
    throw lightError(
      'STATE_INVALID',
      `The chain has the id ${begun.domain.chainId}, not the ${chainId} that was asked for`,
    )
  return new CertificateClient(options, sources, begun)
}
