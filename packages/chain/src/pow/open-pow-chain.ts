import { CodedError } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import {
  BlockTree,
  createLoopbackPowTransport,
  createPowEngine,
  createPowRules,
  createThreadMiner,
  openLevelKeyValue,
  type PowOptions,
  systemClock,
} from '@quoin/pow'
import { holdDataFolder } from '../data-folder.ts'
import type { ChainErrorCode } from '../errors.ts'
import { powSettingsOf } from '../genesis-id.ts'
import type { PowGenesis } from '../genesis-schema.ts'
import type { PowChain } from '../interface.ts'
import { createPowTransport } from '../network/pow-transport.ts'
import {
  connect,
  failuresOf,
  type Groundwork,
  openShared,
  type Shared,
  statusOf,
  viewOf,
} from '../open-shared.ts'

/** A node of a chain where work decides, and blocks become final with depth. */
export async function openPowChain(
  settings: PowGenesis,
  groundwork: Groundwork,
): Promise<PowChain> {
  const { options, genesis, paths, scope } = groundwork
  const { store } = scope.own(
    await holdDataFolder(options.dataDir, () => openLevelKeyValue(paths.blocks)),
  )
  const shared = await openShared(await connect(groundwork), {})
  const { execution, executionGenesis, network } = shared
  const rules = createPowRules(powSettingsOf(genesis, settings, executionGenesis))
  const engine = scope.own(
    createPowEngine({
      rules,
      tree: await BlockTree.open(store, rules),
      execution,
      transport: network ? createPowTransport(network) : createLoopbackPowTransport(),
      clock: systemClock,
      mining: miningOf(shared),
      logger: options.logger.child({ module: 'consensus' }),
    }),
  )
  await engine.start()
  return {
    ...viewOf(shared),
    engine: 'pow',
    consensus: engine,
    async status() {
      const consensus = engine.status
      return { engine: 'pow', height: consensus.height, consensus, ...(await statusOf(shared)) }
    },
    onFailure: failuresOf(shared, engine),
  }
}

function miningOf({ options, scope }: Shared): PowOptions['mining'] {
  const { miningThreads: threads = 0, feeRecipient, validatorKey, logger } = options
  if (threads === 0) return null
  const miner = feeRecipient ?? (validatorKey && privateKeyToAddress(validatorKey))
  if (!miner)
    throw new CodedError<ChainErrorCode>(
      'NO_MINER',
      'Nobody is named who gets the rewards of mining: give a fee recipient or a validator key',
    )
  const hasher = scope.own(
    createThreadMiner({ threads, logger: logger.child({ module: 'miner' }) }),
  )
  return { miner, hasher }
}
