import { CodedError } from '@quoin/kernel'
import type { PowBlock } from './block.ts'
import { bodyChecks, type Check, hasBody, headerChecks, requireChecks } from './check-block.ts'
import type { PowErrorCode } from './errors.ts'
import { hasWork, type SealedHeader } from './header.ts'
import type { PowRules } from './rules.ts'
import { type Link, linkOn, targetAfter } from './tree/link.ts'

/**
 * Everything that says which blocks are right and which chain is the best, as pure functions. Nodes use
 * `judgement`; a simulation brings its own work, and wrong ones to see that they are found.
 */
export interface Judgement {
  hasWork(sealed: SealedHeader): boolean
  /** Whether the body is the one that the header names. */
  hasBody(block: PowBlock): boolean
  headerChecks: readonly Check<SealedHeader>[]
  bodyChecks: readonly Check<PowBlock>[]
  /** The target of the block after one. */
  targetAfter(parent: Link, rules: PowRules): bigint
  /** The header in its place, with what the chain adds up to. */
  linkOn(parent: Link, sealed: SealedHeader, rules: PowRules): Link
  /** Whether a chain is to replace ours. */
  isBetter(candidate: Link, head: Link): boolean
  /** Whether what leaves our chain at this block would rewrite finalized ones. */
  isBelowFinal(fork: Link, finalizedHeight: number): boolean
}

export const judgement: Judgement = {
  hasWork,
  hasBody,
  headerChecks,
  bodyChecks,
  targetAfter,
  linkOn,
  isBetter: (candidate, head) => candidate.totalWork > head.totalWork,
  isBelowFinal: (fork, finalizedHeight) => fork.height < finalizedHeight,
}

/** What a block is judged with. */
export interface Court {
  rules: PowRules
  judgement: Judgement
}

/** @throws CodedError `INVALID_BLOCK` */
export function checkHeader(sealed: SealedHeader, parent: Link, { rules, judgement }: Court): void {
  requireChecks(judgement.headerChecks, sealed, { parent, rules })
}

/** @throws CodedError `INVALID_BLOCK` */
export function checkBody(block: PowBlock, parent: Link, { rules, judgement }: Court): void {
  if (!judgement.hasBody(block))
    throw new CodedError<PowErrorCode>(
      'INVALID_BLOCK',
      `Block ${block.header.height} has a body that is not its own`,
    )
  requireChecks(judgement.bodyChecks, block, { parent, rules })
}
