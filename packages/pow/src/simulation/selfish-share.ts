import type { PowRules } from '../rules.ts'
import { createPowNetwork, type SimulatedNode } from './pow-network.ts'
import { createSelfishTransport } from './selfish-miner.ts'

/** What part of the chain a selfish miner with this part of the work gets in the end. */
export async function measureSelfishShare(
  power: number,
  { seed, minutes }: { seed: number; minutes: number },
): Promise<{ share: number; blocks: number; honest: SimulatedNode[]; rules: PowRules }> {
  const net = createPowNetwork(seed, {})
  const honest: SimulatedNode[] = []
  for (let index = 0; index < 2; index++)
    honest.push(await net.openNode(`node${index}`, { hashesPerSecond: (1000 * (1 - power)) / 2 }))
  const attacker = await net.openNode('selfish', {
    hashesPerSecond: 1000 * power,
    transport: createSelfishTransport,
  })
  await net.clock.advance(minutes * 60_000)
  for (const { hasher } of [attacker, ...honest.toReversed()]) {
    hasher.hashesPerSecond = 0
    hasher.stop()
    await net.clock.advance(60_000)
  }
  const [first] = honest
  const blocks = first?.tree.head.height ?? 0
  let won = 0
  for (let height = 1; height <= blocks; height++)
    if (first?.engine.blockAt(height)?.header.miner === attacker.address) won += 1
  return { share: won / blocks, blocks, honest, rules: net.rules }
}
