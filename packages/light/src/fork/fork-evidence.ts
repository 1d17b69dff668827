import { certificateToCommit, type Evidence, type SigningDomain } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { type LightBlock, type LightBlockJson, lightBlockToJson } from '../chain/light-block.ts'

/** Two certified blocks at one height, and whom their signatures convict. Plain JSON. */
export interface ForkEvidence {
  height: number
  blocks: [LightBlockJson, LightBlockJson]
  /** Two precommits of one validator in one round: proof by itself (`slashDuplicate`). */
  duplicates: Extract<Evidence, { kind: 'duplicate-vote' }>[]
  /**
   * Validators that precommitted both blocks in different rounds. Most of them forgot a lock (amnesia); the
   * proof of which ones is in prevotes of the later round, which certificates do not hold: full nodes do.
   */
  signedBoth: Hex[]
  /**
   * Validators that the two headers have in common and that signed, in either, a header whose validator sets
   * differ from the other's: one of the two sets is made up, which no honest validator signs.
   */
  signedForeignSets: Hex[]
}

/** What two certified blocks with different ids at one height prove, and against whom. Pure. */
export function forkEvidence(
  first: LightBlock,
  second: LightBlock,
  domain: SigningDomain,
): ForkEvidence {
  const votesOf = ({ certificate, validators }: LightBlock) =>
    certificateToCommit(certificate, validators, domain).precommits
  const others = new Map(votesOf(second).map((vote) => [vote.validator, vote]))
  const pairs = votesOf(first).flatMap((vote) => {
    const other = others.get(vote.validator)
    return other ? [{ vote, other }] : []
  })
  const isSameRound = first.certificate.round === second.certificate.round
  const common = pairs.map(({ vote }) => vote.validator)
  const setsDiffer =
    first.header.validatorsHash !== second.header.validatorsHash ||
    first.header.nextValidatorsHash !== second.header.nextValidatorsHash
  return {
    height: first.header.height,
    blocks: [lightBlockToJson(first), lightBlockToJson(second)],
    duplicates: isSameRound
      ? pairs.map(({ vote, other }) => ({ kind: 'duplicate-vote', first: vote, second: other }))
      : [],
    signedBoth: isSameRound ? [] : common,
    signedForeignSets: setsDiffer ? common : [],
  }
}
