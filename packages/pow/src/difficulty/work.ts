const space = 2n ** 256n

/** Expected number of hashes that a block with this target takes. */
export function targetToWork(target: bigint): bigint {
  return space / (target + 1n)
}

/** The target that takes `difficulty` hashes on average. */
export function difficultyToTarget(difficulty: bigint): bigint {
  return space / difficulty - 1n
}
