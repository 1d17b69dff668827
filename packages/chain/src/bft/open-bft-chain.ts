import { openBlockStore } from '@quoin/consensus'
import { bytesToHex } from '@quoin/kernel'
import { holdDataFolder } from '../data-folder.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { BftChain } from '../interface.ts'
import {
  failuresOf,
  type Groundwork,
  openShared,
  type Shared,
  statusOf,
  viewOf,
} from '../open-shared.ts'
import { type DutiesOptions, startDuties } from './duties/duties.ts'
import { createLocalClient } from './duties/local-client.ts'
import { createLightMethods, type LightSource } from './light-methods.ts'
import { openEngine } from './open-engine.ts'

/** A node of a chain with instant finality. */
export async function openBftChain(
  settings: BftGenesis,
  groundwork: Groundwork,
): Promise<BftChain> {
  const { options, paths, scope } = groundwork
  const { store: blocks } = scope.own(
    await holdDataFolder(options.dataDir, () => openBlockStore(paths.blocks)),
  )
  let light: LightSource | null = null
  const shared = await openShared(
    groundwork,
    createLightMethods(() => light),
  )
  const { engine, rules } = await openEngine({ settings, shared, blocks })
  const { domain, executionGenesis, validatorsAt } = rules
  light = { blocks, domain, executionGenesis, validatorsAt, status: () => engine.status }
  openDuties({ settings, shared, blocks, engine, validatorsAt })
  await engine.start()
  return {
    ...viewOf(shared),
    engine: 'bft',
    consensus: engine,
    blocks,
    validatorsAt,
    async status() {
      const consensus = engine.status
      return {
        engine: 'bft',
        policy: settings.policy,
        height: blocks.height,
        consensus,
        validators: validatorsAt(consensus.height).validators,
        ...(await statusOf(shared)),
      }
    },
    onFailure: failuresOf(shared, engine),
  }
}

interface DutyParts extends Pick<DutiesOptions, 'engine' | 'blocks' | 'validatorsAt' | 'settings'> {
  shared: Shared
}

/** Only who validates, or may come to, has duties; and a chain of fixed validators has none. */
function openDuties({ shared, ...parts }: DutyParts): void {
  const { options, genesis, execution, scope } = shared
  const { validatorKey, duties = {}, logger } = options
  if (parts.settings.policy === 'fixed' || !validatorKey || duties === null) return
  const { chainId } = genesis.config
  const client = createLocalClient(execution, { chainId, privateKey: bytesToHex(validatorKey) })
  const { isUnjailing = false } = duties
  const log = logger.child({ module: 'duties' })
  scope.own(startDuties({ ...parts, client, isUnjailing, logger: log }))
}
