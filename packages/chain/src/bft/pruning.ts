import type { ConsensusEngine, DiskBlockStore } from '@quoin/consensus'
import { CodedError } from '@quoin/kernel'
import type { ChainErrorCode } from '../errors.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { Shared } from '../open-shared.ts'
import { snapshotPeriod } from './begin-from-snapshot.ts'

/** BLOCKHASH reaches so far back; and who falls behind for a while should still find blocks here. */
const fewestBlocks = 256

/**
 * Keeps the latest blocks only, here and in execution. The state at the last epoch's end is kept too, since
 * new nodes begin there. @throws CodedError `INVALID_OPTIONS`
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
    const period = snapshotPeriod(settings)
    const snapshot = BigInt(Math.floor(height / period) * period)
    try {
      const { signal } = stop
      const result = await shared.execution.prune({ keepBlocks, keepStatesAt: [snapshot], signal })
      await blocks.prune(height - keepBlocks)
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
