import type { PowRules } from '../rules.ts'

/**
 * The target of the block at a height, in the words of the aserti3-2d specification: seconds, or here
 * milliseconds, late or early, as a power of two in 1/65536 steps. A second writing, to compare with.
 */
export function scheduledTarget(height: number, elapsedMs: number, rules: PowRules): bigint {
  const easiest = 2n ** 256n / rules.minimumDifficulty - 1n
  const first = 2n ** 256n / rules.initialDifficulty - 1n
  const lateMs = elapsedMs - (height - 1) * rules.targetBlockMs
  const steps = Math.trunc((lateMs * 65_536) / (rules.halfLifeBlocks * rules.targetBlockMs))
  const whole = Math.floor(steps / 65_536)
  const part = BigInt(steps - whole * 65_536)
  const curve = [195_766_423_245_049n, 971_821_376n, 5_127n]
  const sum = curve.reduce((total, factor, power) => total + factor * part ** BigInt(power + 1), 0n)
  const factor = 65_536n + (sum + 140_737_488_355_328n) / 2n ** 48n
  const late = first * factor
  const target =
    whole >= 16 ? late * 2n ** BigInt(whole - 16) : late / 2n ** BigInt(Math.min(16 - whole, 999))
  if (target < 1n) return 1n
  return target > easiest ? easiest : target
}

/** In gwei: halved so many times as there were full periods before the block. */
export function scheduledReward(
  height: number,
  { blockRewardGwei, halvingBlocks }: PowRules,
): bigint {
  let reward = blockRewardGwei
  for (let end = halvingBlocks; halvingBlocks > 0 && end < height && reward > 0n; ) {
    reward /= 2n
    end += halvingBlocks
  }
  return reward
}
