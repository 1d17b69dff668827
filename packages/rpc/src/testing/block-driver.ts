import type { EngineApi, ExecutionHead } from '@quoin/engine'
import { bigintToHex, type Hex } from '@quoin/kernel'

/** Stands in for consensus in tests: makes one block after the other through the Engine API. */
export interface BlockDriver extends AsyncDisposable {
  /** Builds a block of what is pending, on the head or on `parent`, and makes it the head. */
  mine(options?: { parent?: Hex; secondsLater?: number }): Promise<Hex>
}

const zeroHash: Hex = `0x${'00'.repeat(32)}`
const feeRecipient: Hex = '0x00000000000000000000000000000000000000fe'

export function createBlockDriver(
  engine: EngineApi,
  head: () => Promise<ExecutionHead>,
): BlockDriver {
  let last: Promise<unknown> = Promise.resolve()
  let clock = 0

  async function makeBlock({ parent, secondsLater = 1 }: { parent?: Hex; secondsLater?: number }) {
    const current = await head()
    const parentHash = parent ?? current.hash
    clock = Math.max(clock, Number(current.timestamp)) + secondsLater
    const started = await engine.forkchoiceUpdated(choice(parentHash), {
      timestamp: bigintToHex(clock),
      prevRandao: `0x${clock.toString(16).padStart(64, '0')}`,
      suggestedFeeRecipient: feeRecipient,
      withdrawals: [],
      parentBeaconBlockRoot: zeroHash,
    })
    if (started.payloadId === null) throw new Error(JSON.stringify(started.payloadStatus))
    const { executionPayload, executionRequests } = await engine.getPayload(started.payloadId)
    const status = await engine.newPayload(executionPayload, [], zeroHash, executionRequests)
    if (status.status !== 'VALID') throw new Error(JSON.stringify(status))
    await engine.forkchoiceUpdated(choice(executionPayload.blockHash))
    return executionPayload.blockHash
  }

  return {
    mine(options = {}) {
      const block = last.then(() => makeBlock(options))
      last = block.catch(() => {})
      return block
    },
    async [Symbol.asyncDispose]() {
      await last
    },
  }
}

function choice(hash: Hex) {
  return { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash }
}
