import { type Certificate, certificateToCommit, type Recover } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import type { BlockStore } from '../storage/block-store.ts'
import type { ChainRules } from './chain-rules.ts'

/**
 * In how many of the certificates that an epoch's blocks carry each validator's precommit is. Only
 * certificates for heights of the epoch itself count: of L blocks that is L − 1, all but the first's.
 */
export type Presence = ReadonlyMap<Hex, number>

type EpochRules = Pick<ChainRules, 'epochBlocks' | 'validatorsAt' | 'domain'>

/** The presence after a block, from that before it. */
export function addPresence(
  before: Presence,
  { header, lastCommit }: Pick<ConsensusBlock, 'header' | 'lastCommit'>,
  rules: EpochRules,
  recover?: Recover,
): Presence {
  const { epochBlocks } = rules
  if (epochBlocks === 0 || (header.height - 1) % epochBlocks === 0) return new Map()
  const after = new Map(before)
  for (const signer of lastCommit ? signersOf(lastCommit, rules, recover) : [])
    after.set(signer, (after.get(signer) ?? 0) + 1)
  return after
}

/** Whom the block of a height must name as absent, given the presence with its own certificate. */
export function absentAt(height: number, presence: Presence, rules: EpochRules): Hex[] {
  const { epochBlocks } = rules
  if (epochBlocks === 0 || height % epochBlocks !== 0) return []
  const certificates = epochBlocks - 1
  return rules
    .validatorsAt(height)
    .validators.map(({ address }) => address)
    .filter((address) => 2 * (certificates - (presence.get(address) ?? 0)) > certificates)
}

/** The presence after the last block of a store: reads the blocks of its epoch again. */
export async function readPresence(store: BlockStore, rules: EpochRules): Promise<Presence> {
  const { epochBlocks } = rules
  let presence: Presence = new Map()
  if (epochBlocks === 0 || store.height === 0) return presence
  const first = store.height - ((store.height - 1) % epochBlocks)
  for (let height = first; height <= store.height; height++) {
    const decided = await store.byHeight(height)
    if (decided) presence = addPresence(presence, decided.block, rules)
  }
  return presence
}

function signersOf(certificate: Certificate, rules: EpochRules, recover?: Recover): Hex[] {
  const validators = rules.validatorsAt(certificate.height)
  const { precommits } = certificateToCommit(certificate, validators, rules.domain, recover)
  return precommits.map(({ validator }) => validator)
}
