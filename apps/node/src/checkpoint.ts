import type { Chain } from '@quoin/chain'
import { blockId } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'

/** A block that somebody vouches for. */
export interface Checkpoint {
  height: number
  id: Hex
}

/** `HEIGHT:ID`, as the settings have it. */
export function parseCheckpoint(text: string): Checkpoint {
  const [, height, id] = /^([1-9][0-9]*):0x([0-9a-f]{64})$/.exec(text) ?? []
  if (height === undefined || id === undefined)
    throw new CodedError('CONFIGURATION', `${text} is no checkpoint: write HEIGHT:ID`)
  return { height: Number(height), id: `0x${id}` }
}

export interface CheckpointGuard extends Disposable {
  /** Rejects when the chain comes to the height with another block; stays pending otherwise. */
  readonly failure: Promise<never>
}

/**
 * Holds a chain against a checkpoint: at once where it has the height, else when it comes there. Certificates
 * alone do not tell two histories apart when old keys have signed another one.
 * @throws CodedError `CHECKPOINT_MISMATCH`; `CONFIGURATION` on a chain without certificates
 */
export async function guardCheckpoint(
  chain: Chain,
  { height, id }: Checkpoint,
): Promise<CheckpointGuard> {
  if (chain.engine !== 'bft')
    throw new CodedError(
      'CONFIGURATION',
      'A checkpoint is for chains of validators: with proof of work the heaviest chain counts',
    )
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  const check = (found: Hex): void => {
    if (found !== id) reject(mismatch(height, { found, id }))
  }
  const stop = chain.consensus.onDecided(({ block: { header } }) => {
    if (header.height === height) check(blockId(header))
  })
  const kept = await chain.blocks.byHeight(height)
  const found = kept ? blockId(kept.block.header) : id
  if (found === id) return { failure: promise, [Symbol.dispose]: stop }
  stop()
  throw mismatch(height, { found, id })
}

function mismatch(height: number, { found, id }: { found: Hex; id: Hex }): CodedError {
  return new CodedError(
    'CHECKPOINT_MISMATCH',
    `Block ${height} of this chain is ${found}, and the checkpoint says ${id}: one of them is of another history. Find out which is right; when it is the checkpoint, begin with an empty folder, --sync snapshot and other nodes to connect to`,
  )
}
