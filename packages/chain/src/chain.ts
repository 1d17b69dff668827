import { Scope, silentLogger } from '@quoin/kernel'
import { openBftChain } from './bft/open-bft-chain.ts'
import { prepareDataFolder } from './data-folder.ts'
import type { Chain, ChainOptions } from './interface.ts'
import { loadGenesis } from './load-genesis.ts'
import { openPowChain } from './pow/open-pow-chain.ts'

/**
 * Opens a chain node. Disposing stops consensus first, then the RPC server and execution, then the network.
 * @throws CodedError `DATA_FOLDER_IN_USE`, `GENESIS_MISSING`, `GENESIS_MISMATCH`, `GENESIS_INVALID`,
 * `NOT_A_VALIDATOR`, `PORT_IN_USE` and those of the parts (`LOG_CORRUPT`, `EXECUTION_MISMATCH`, …)
 */
export async function openChain(options: ChainOptions): Promise<Chain> {
  const { logger = silentLogger, dataDir } = options
  const scope = new Scope()
  try {
    const paths = await prepareDataFolder(dataDir)
    const genesis = await loadGenesis(dataDir, options.genesis)
    const groundwork = { options: { ...options, logger }, genesis, paths, scope }
    const { consensus } = genesis.config.quoin
    const chain =
      consensus.engine === 'bft'
        ? await openBftChain(consensus, groundwork)
        : await openPowChain(consensus, groundwork)
    const { rpcUrl, engine } = chain
    logger.info({ rpcUrl, engine }, 'chain node is running')
    return chain
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}
