import { isHonestShare } from '@quoin/headers'
import type { CoreState } from '../core/state.ts'

/**
 * Whether validators with more than a third of the power speak of a height that we have not begun: then
 * an honest one does, and we begin too. A single one could otherwise hurry everyone on.
 */
export function hasReasonToStart({ furthestRound, validators }: CoreState): boolean {
  let power = 0n
  for (const validator of furthestRound.keys()) power += validators.powerOf(validator)
  return isHonestShare(validators, power)
}
