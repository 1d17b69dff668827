import { commitToCertificate } from '@quoin/headers'
import type { Commit } from '../core/messages.ts'
import type { DecidedBlock } from '../storage/block-store.ts'
import type { BftOptions } from './bft-options.ts'
import { finalizeBlock } from './execute.ts'
import type { HeightRun } from './height-run.ts'
import type { Liveness } from './liveness.ts'
import type { PeerId } from './transport.ts'
import type { Witness } from './witness.ts'

export interface KeepContext {
  options: BftOptions
  liveness: Liveness
  witness: Witness
  signal: AbortSignal
  /** Whom we have the block from, when others decided it. */
  from: PeerId | null
}

/**
 * The order that survives a crash between any two lines: execution has run the block, the store
 * makes it final, execution takes it as head (redone at start when missing), the rules read the next
 * set from its state (likewise), the log is spent.
 */
export async function keepDecision(
  run: HeightRun,
  commit: Commit,
  { options, liveness, witness, signal, from }: KeepContext,
): Promise<DecidedBlock> {
  const { store, execution, clock, rules, wal, guard, logger } = options
  const block = await run.decided(commit.id)
  const decided = { id: commit.id, block, certificate: commitToCertificate(commit) }
  await store.append(decided)
  liveness.decided(decided, from)
  await finalizeBlock(block, { execution, clock, signal })
  await rules.advance(decided)
  await wal.clear()
  await guard.advance(commit.height + 1)
  await witness.advance(run.state)
  const { height, round } = commit
  const transactions = block.payload.transactions.length
  logger.debug({ height, round, transactions, id: commit.id }, 'decided')
  return decided
}
