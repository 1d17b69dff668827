import type { ExecutionLayer } from '@quoin/engine'
import type { Recover } from '@quoin/headers'
import type { Logger } from '@quoin/kernel'
import type { verifyBls } from '@quoin/keys'
import type { Evidence, Timer } from '../core/messages.ts'
import type { Rule } from '../core/rules.ts'
import type { RecordLog } from '../storage/record-file.ts'
import type { SignGuard } from '../storage/sign-guard.ts'
import type { ChainRules } from './chain-rules.ts'
import type { Clock } from './clock.ts'
import type { Signer } from './signer.ts'
import type { Transport } from './transport.ts'

/** What one height works with. */
export interface RunContext {
  rules: ChainRules
  signer: Signer | null
  wal: RecordLog
  guard: SignGuard
  transport: Transport
  clock: Clock
  execution: ExecutionLayer
  logger: Logger
  recover: Recover
  /** See `BftOptions`. */
  verifyBls?: typeof verifyBls
  coreRules?: readonly Rule[]
  maxDriftMs?: number
  /** Ends with the engine. */
  signal: AbortSignal
  schedule(timer: Timer): void
  requestValue(round: number): void
  onEvidence(evidence: Evidence): Promise<void>
}
