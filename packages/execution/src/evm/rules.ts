import { type Common, Hardfork } from '@ethereumjs/common'

/** What a hard fork changed about transactions and blocks, looked up once. */
export interface Rules {
  homestead: boolean
  /** EIP-155, 161. */
  spuriousDragon: boolean
  byzantium: boolean
  istanbul: boolean
  berlin: boolean
  london: boolean
  merge: boolean
  shanghai: boolean
  cancun: boolean
  prague: boolean
  osaka: boolean
  /** Whether a block may have its parent's timestamp: Ethereum wants a later one. */
  equalTimestamps: boolean
  /** Wei to the miner of a proof-of-work block. */
  minerReward: bigint
  blob: { target: bigint; max: bigint; updateFraction: bigint } | null
}

export function rulesOf(common: Common, { equalTimestamps = false } = {}): Rules {
  const since = (fork: Hardfork) => common.gteHardfork(fork)
  const cancun = since(Hardfork.Cancun)
  const merge = since(Hardfork.Paris)
  return {
    homestead: since(Hardfork.Homestead),
    spuriousDragon: since(Hardfork.SpuriousDragon),
    byzantium: since(Hardfork.Byzantium),
    istanbul: since(Hardfork.Istanbul),
    berlin: since(Hardfork.Berlin),
    london: since(Hardfork.London),
    merge,
    shanghai: since(Hardfork.Shanghai),
    cancun,
    prague: since(Hardfork.Prague),
    osaka: since(Hardfork.Osaka),
    equalTimestamps,
    minerReward: merge ? 0n : minerReward(since),
    blob: cancun
      ? {
          target: common.param('targetBlobGasPerBlock'),
          max: common.param('maxBlobGasPerBlock'),
          updateFraction: common.param('blobGasPriceUpdateFraction'),
        }
      : null,
  }
}

function minerReward(since: (fork: Hardfork) => boolean): bigint {
  const ether = 10n ** 18n
  if (since(Hardfork.Constantinople)) return 2n * ether
  return since(Hardfork.Byzantium) ? 3n * ether : 5n * ether
}
