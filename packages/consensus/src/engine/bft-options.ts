import type { ExecutionLayer } from '@quoin/engine'
import type { Recover } from '@quoin/headers'
import type { Hex, Logger } from '@quoin/kernel'
import type { verifyBls } from '@quoin/keys'
import type { Rule } from '../core/rules.ts'
import type { TimerDurations } from '../core/timers.ts'
import type { BlockStore } from '../storage/block-store.ts'
import type { RecordLog } from '../storage/record-file.ts'
import type { SignGuard } from '../storage/sign-guard.ts'
import type { ChainRules } from './chain-rules.ts'
import type { Clock } from './clock.ts'
import type { Pace } from './pacemaker.ts'
import type { Signer } from './signer.ts'
import type { Transport } from './transport.ts'

/** The parts of a BFT engine, which their owner opened and closes. */
export interface BftOptions {
  rules: ChainRules
  /** Null for a node that follows without voting. */
  signer: Signer | null
  /** Who gets the fees of our blocks, where the rules leave it free. */
  feeRecipient: Hex
  execution: ExecutionLayer
  store: BlockStore
  wal: RecordLog
  guard: SignGuard
  /** Keeps evidence over restarts; without it, evidence is kept in memory. */
  evidenceLog?: RecordLog
  /** Evidence is forgotten after so many blocks; must be less than stake takes to be unbonded. */
  evidenceAgeBlocks?: number
  transport: Transport
  clock: Clock
  pace: Pace
  timers: TimerDurations
  /** Who made a signature; by default with a memory of our own. */
  recover?: Recover
  /** For simulations: the same, remembered over nodes. */
  verifyBls?: typeof verifyBls
  /** For simulations: what a wrong core would do. */
  coreRules?: readonly Rule[]
  /** How far a proposer's clock may be ahead of ours; 1 second by default. */
  maxDriftMs?: number
  logger: Logger
}
