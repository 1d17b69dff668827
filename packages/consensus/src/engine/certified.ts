import { certificateToCommit, isQuorum, type Recover } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import { isWhole } from '../block.ts'
import type { DecidedBlock } from '../codec/decided.ts'
import type { Commit } from '../core/messages.ts'
import type { ChainRules } from './chain-rules.ts'

/**
 * The commit behind a decided block that a peer sent, or null when it is not one: certificate first, as
 * it is cheap to check, then whether the block is all that its id stands for.
 */
export function checkCertified(
  { id, block, certificate }: DecidedBlock,
  { rules, recover }: { rules: ChainRules; recover: Recover },
): Commit | null {
  if (certificate.id !== id || certificate.height !== block.header.height) return null
  const validators = rules.validatorsAt(certificate.height)
  if (certificate.signatures.length > validators.validators.length) return null
  try {
    const commit = certificateToCommit(certificate, validators, rules.domain, recover)
    const power = commit.precommits.reduce((sum, v) => sum + validators.powerOf(v.validator), 0n)
    return isQuorum(validators, power) && isWhole(block) ? commit : null
  } catch (error) {
    if (error instanceof CodedError && error.code.startsWith('INVALID_')) return null
    throw error
  }
}
