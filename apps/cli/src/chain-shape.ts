import type { BftOrder, PowOrder } from '@quoin/node/setup'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Context } from './context.ts'
import { cliError } from './exit-codes.ts'
import { parseCount } from './flags.ts'

/** Flags of what a new chain is to be, the same wherever one is begun. */
export interface ChainShapeFlags {
  consensus: 'bft' | 'pow'
  policy: BftOrder['policy']
  epochBlocks: number
  blockReward: bigint | null
  stake: number
  unbondingSeconds: number
  jailSeconds: number
  targetSeconds: number
  difficulty: number | null
}

/** About what one thread does; the difficulty finds its level from there. */
const hashesPerSecond = 1_000_000

/** `policyFlag` is named by what else the command calls validators. */
export function addChainShape(
  command: Command,
  { policyFlag, targetSeconds }: { policyFlag: '--validators' | '--policy'; targetSeconds: number },
): void {
  command
    .addOption(
      new Option('--consensus <kind>', 'validators that agree, or proof of work')
        .choices(['bft', 'pow'])
        .default('bft'),
    )
    .addOption(
      new Option(`${policyFlag} <policy>`, 'who validates, with bft')
        .choices(['authority', 'stake', 'delegated', 'fixed'])
        .default('authority'),
    )
    .option('--epoch-blocks <n>', 'blocks after which validators may change', parseCount, 600)
    .option('--block-reward <coins>', 'new coins for each block (0; 2 with pow)', parseReward)
    .option('--stake <coins>', "each member's stake, where stake counts", parseCount, 10_000)
    .option('--unbonding-seconds <n>', 'how long stake that leaves waits', parseCount, 1_814_400)
    .option('--jail-seconds <n>', 'how long absence keeps a validator out', parseCount, 600)
    .option(
      '--target-seconds <n>',
      'mean time between blocks, with pow',
      parsePositive,
      targetSeconds,
    )
    .option(
      '--difficulty <hashes>',
      'expected hashes of the first block, with pow (1000000 for each second of the target)',
      parseCount,
    )
}

/** @throws CodedError `USAGE` for flags that contradict each other */
export async function chainShapeOf(
  context: Context,
  flags: ChainShapeFlags,
): Promise<BftOrder | PowOrder> {
  const { blockTimeMs, heartbeatMs } = (await context.settings()).values
  const { consensus, policy, epochBlocks, unbondingSeconds, jailSeconds } = flags
  if (consensus === 'pow')
    return {
      consensus,
      targetBlockMs: Math.round(flags.targetSeconds * 1000),
      initialDifficulty: BigInt(
        flags.difficulty ?? Math.ceil(flags.targetSeconds * hashesPerSecond),
      ),
      blockRewardGwei: flags.blockReward ?? 2_000_000_000n,
    }
  if (policy === 'fixed' && flags.blockReward)
    throw cliError('USAGE', 'Fixed validators get no --block-reward: fees alone')
  if (epochBlocks < 2) throw cliError('USAGE', '--epoch-blocks must be 2 or more')
  return {
    ...{ consensus, policy, epochBlocks, unbondingSeconds, jailSeconds, blockTimeMs, heartbeatMs },
    blockRewardGwei: flags.blockReward ?? 0n,
    stakeCoins: BigInt(flags.stake),
  }
}

/** Coins in gwei, nine digits after the point at most. */
function parseReward(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  if (whole === undefined) throw new InvalidArgumentError('Write an amount of coins, such as 0.5.')
  return BigInt(whole) * 10n ** 9n + BigInt(fraction.padEnd(9, '0'))
}

function parsePositive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0.1 && value <= 86_400) return value
  throw new InvalidArgumentError('Write a time in seconds from 0.1 on.')
}
