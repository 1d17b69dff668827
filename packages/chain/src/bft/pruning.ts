import type { ConsensusEngine, DiskBlockStore } from '@quoin/consensus'
import { CodedError } from '@quoin/kernel'
import { windowBlocks } from '@quoin/sync'
import type { ChainErrorCode } from '../errors.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { Shared } from '../open-shared.ts'
import { snapshotPeriod } from './begin-from-snapshot.ts'

/** BLOCKHASH reaches so far back; and who falls behind for a while should still find blocks here. */
const fewestBlocks = 256

/**
 * Keeps the latest blocks only, here and in execution. What new nodes begin from is kept too: the states at
 * the last two epochs' ends, since a sync may take long, and the 256 blocks up to each. So are the blocks
 * of the epoch under way: they say who was absent in it. @throws CodedError `INVALID_OPTIONS`
 */
export function startPruning(
  keepBlocks: number,
  parts: { shared: Shared; blocks: DiskBlockStore; engine: ConsensusEngine; settings: BftGenesis },
): AsyncDisposable {
  if (keepBlocks < fewestBlocks)
    throw new CodedError<ChainErrorCode>(
      'INVALID_OPTIONS',
      `A node keeps at least ${fewestBlocks} blocks, not ${keepBlocks}: others may need them to catch up`,
    )
  const { shared, blocks, engine, settings } = parts
  const logger = shared.options.logger.child({ module: 'pruning' })
  const stop = new AbortController()
  let running: Promise<void> | null = null
  let next = blocks.height + 1

  async function prune(height: number): Promise<void> {
    const snapshots = keptSnapshots(height, snapshotPeriod(settings))
    const oldest = Math.min(height, ...snapshots)
    try {
      const { signal } = stop
      const keepStatesAt = snapshots.map(BigInt)
      const result = await shared.execution.prune({ keepBlocks, keepStatesAt, signal })
      await blocks.prune(Math.min(height - keepBlocks, oldest - windowBlocks + 1))
      logger.info({ ...result, height }, 'removed what only old blocks need')
    } catch (error) {
      if (!stop.signal.aborted) logger.error({ err: error }, 'could not remove old blocks')
    }
  }

  const unsubscribe = engine.onDecided(({ block: { header } }) => {
    if (running || header.height < next || header.height <= keepBlocks) return
    next = header.height + Math.ceil(keepBlocks / 4)
    running = prune(header.height).finally(() => {
      running = null
    })
  })
  return {
    async [Symbol.asyncDispose]() {
      unsubscribe()
      stop.abort()
      await running
    },
  }
}

function keptSnapshots(height: number, period: number): number[] {
  const last = Math.floor(height / period) * period
  return [last - period, last].filter((snapshot) => snapshot > 0)
}
