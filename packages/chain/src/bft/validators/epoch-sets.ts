import type { DecidedBlock } from '@quoin/consensus'
import type { ExecutionLayer } from '@quoin/engine'
import { type ValidatorSet, validatorsHash } from '@quoin/headers'
import type { Logger } from '@quoin/kernel'
import { readValidatorSet } from './read-validator-set.ts'
import type { SetStore } from './set-store.ts'

/** Who decides which height. */
export interface EpochSets {
  /** For every height up to one epoch after the last that `advance` saw. */
  validatorsAt(height: number): ValidatorSet
  /** After a block is execution's head, in order; again for one that it saw is no harm. */
  advance(decided: DecidedBlock): Promise<void>
  /** Sets that were certified elsewhere: of a snapshot's epoch and the one after it. */
  adopt(epoch: number, set: ValidatorSet): Promise<void>
}

export interface EpochSetsOptions {
  /** Blocks of an epoch: epoch 0 is heights 1 to this. */
  epochBlocks: number
  genesisSet: ValidatorSet
  execution: Pick<ExecutionLayer, 'call'>
  store: SetStore
  logger: Logger
}

/** A set that never changes. */
export function createFixedSet(set: ValidatorSet): EpochSets {
  return { validatorsAt: () => set, advance: async () => {}, adopt: async () => {} }
}

/**
 * What the Staking contract says after the last block of epoch E decides the blocks of epoch E + 2: the
 * whole of E + 1 is there to learn of it. Epochs 0 and 1 are the genesis set's. A contract that names no
 * possible set leaves the one before in place.
 */
export function createEpochSets(options: EpochSetsOptions): EpochSets {
  const { epochBlocks, genesisSet, execution, store, logger } = options
  const ofEpoch = (epoch: number): ValidatorSet => {
    if (epoch < 2) return genesisSet
    const set = store.ofEpoch(epoch)
    if (!set) throw new Error(`The validators of epoch ${epoch} are not known yet`)
    return set
  }
  return {
    validatorsAt: (height) => ofEpoch(Math.floor((height - 1) / epochBlocks)),
    async advance({ block: { header, payload } }) {
      if (header.height % epochBlocks !== 0) return
      const epoch = header.height / epochBlocks + 1
      if (store.ofEpoch(epoch)) return
      const before = ofEpoch(epoch - 1)
      const read = await readValidatorSet(execution, payload.blockHash)
      if ('problem' in read) {
        const { problem } = read
        logger.error({ epoch, problem }, 'an epoch keeps the validators of the one before')
        return store.put(epoch, before)
      }
      await store.put(epoch, read)
      if (validatorsHash(read) === validatorsHash(before)) return
      const validators = read.validators.length
      logger.info({ epoch, fromHeight: epoch * epochBlocks + 1, validators }, 'validators change')
    },
    async adopt(epoch, set) {
      if (epoch >= 2) await store.put(epoch, set)
    },
  }
}
