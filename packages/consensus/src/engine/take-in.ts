import type { Recover } from '@quoin/headers'
import type { ConsensusBlock } from '../block.ts'
import type { Commit } from '../core/messages.ts'
import type { DecidedBlock } from '../storage/block-store.ts'
import { checkCertified } from './certified.ts'
import type { ChainRules } from './chain-rules.ts'
import type { HeightRun } from './height-run.ts'
import type { Liveness } from './liveness.ts'
import type { PeerId } from './transport.ts'
import type { Witness } from './witness.ts'

/** Blocks that a peer gives as decided. */
export interface Offered {
  blocks: readonly DecidedBlock[]
  from: PeerId
}

export interface TakeInContext {
  rules: ChainRules
  recover: Recover
  witness: Witness
  liveness: Liveness
  /** The height that is being decided; null when the engine stops. */
  run(): HeightRun | null
  adopt(run: HeightRun, commit: Commit, block: ConsensusBlock): Promise<void>
}

/**
 * Takes decided blocks of others through the log like everything else, each before the next. False when they
 * are not what comes next here: anyone can send such, so that alone must not disturb what was asked for.
 */
export async function takeIn({ blocks, from }: Offered, context: TakeInContext): Promise<boolean> {
  const { liveness, run: current, adopt } = context
  for (const decided of blocks) {
    const run = current()
    if (!run) return true
    const { height } = decided.block.header
    if (height < run.state.height) continue
    if (height > run.state.height) {
      liveness.isAhead(from, height)
      return false
    }
    const commit = await commitOf(decided, run, context)
    if (!commit) {
      liveness.refused(from)
      return false
    }
    await adopt(run, commit, decided.block)
  }
  const run = current()
  if (run) liveness.tookIn(from, run)
  return true
}

/** What a block that others decided was decided by; null when it was not, or follows on another block than ours. */
async function commitOf(
  decided: DecidedBlock,
  { parent }: HeightRun,
  { rules, recover, witness }: TakeInContext,
): Promise<Commit | null> {
  const { header, lastCommit } = decided.block
  const commit = checkCertified(decided, { rules, recover })
  if (!commit || header.parentId === parent.id) return commit
  if (lastCommit) await witness.compare(lastCommit)
  return null
}
