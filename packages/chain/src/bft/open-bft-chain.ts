import { openBlockStore } from '@quoin/consensus'
import { holdDataFolder } from '../data-folder.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { BftChain } from '../interface.ts'
import { failuresOf, type Groundwork, openShared, statusOf, viewOf } from '../open-shared.ts'
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
