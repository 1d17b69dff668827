import { createLoopbackTransport, openBlockStore } from '@quoin/consensus'
import { bytesToHex } from '@quoin/kernel'
import { holdDataFolder } from '../data-folder.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { BftChain } from '../interface.ts'
import { createBftTransport } from '../network/bft-transport.ts'
import {
  connect,
  failuresOf,
  type Groundwork,
  openShared,
  type Shared,
  statusOf,
  viewOf,
} from '../open-shared.ts'
import {
  beginFromSnapshot,
  openSnapshotProtocols,
  refuseInterrupted,
  serveSnapshots,
} from './begin-from-snapshot.ts'
import { type DutiesOptions, startDuties } from './duties/duties.ts'
import { createLocalClient } from './duties/local-client.ts'
import { createLightMethods, type LightSource } from './light-methods.ts'
import { openEngine } from './open-engine.ts'
import { startPruning } from './pruning.ts'
import { openSetStore } from './validators/set-store.ts'

/** A node of a chain with instant finality. */
export async function openBftChain(
  settings: BftGenesis,
  groundwork: Groundwork,
): Promise<BftChain> {
  const { options, paths, scope } = groundwork
  const { logger } = options
  const { store: blocks } = scope.own(
    await holdDataFolder(options.dataDir, () => openBlockStore(paths.blocks)),
  )
  const setStore =
    settings.policy === 'fixed' ? null : scope.own(await openSetStore(paths.validatorSets))
  const connected = await connect(groundwork)
  const { network } = connected
  const transport = network
    ? createBftTransport(network, logger.child({ module: 'transport' }))
    : createLoopbackTransport()
  const snapshots = network && openSnapshotProtocols(network, options.sync?.times)
  if (network && snapshots && options.sync && blocks.height === 0)
    await beginFromSnapshot({
      ...connected,
      network,
      snapshots,
      transport,
      settings,
      blocks,
      setStore,
    })
  let light: LightSource | null = null
  const methods = createLightMethods(() => light)
  const shared = await openShared(connected, methods)
  await refuseInterrupted(blocks, shared.execution, options.dataDir)
  const { engine, rules } = await openEngine({ settings, shared, blocks, setStore, transport })
  const { domain, executionGenesis, validatorsAt } = rules
  light = { blocks, domain, executionGenesis, validatorsAt, status: () => engine.status }
  openDuties({ settings, shared, blocks, engine, validatorsAt })
  if (snapshots) scope.defer(serveSnapshots(snapshots, { execution: shared.execution, methods }))
  if (options.keepBlocks)
    scope.own(startPruning(options.keepBlocks, { shared, blocks, engine, settings }))
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
