import {
  type BlockStore,
  type ChainRules,
  type ConsensusEngine,
  createBftEngine,
  createLocalSigner,
  createLoopbackTransport,
  defaultTimerDurations,
  openRecordFile,
  openSignGuard,
  systemClock,
} from '@quoin/consensus'
import { createValidatorSet, genesisId, type ValidatorSet } from '@quoin/headers'
import { CodedError, type Hex, type Logger, Scope, silentLogger } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import { type ExecutionWorker, openExecutionWorker } from '@quoin/rpc'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import type { ChainErrorCode } from './errors.ts'
import type { Genesis } from './genesis.ts'
import { createLightMethods, type LightSource } from './light-methods.ts'
import { loadGenesis } from './load-genesis.ts'

export interface ChainOptions {
  /** Everything the chain keeps is below this folder. One process at a time. */
  dataDir: string
  /** Begins a chain in an empty folder; must be the same one later, or left out. */
  genesis?: Genesis
  /** 32 bytes. A key that is not a validator's follows without voting. */
  validatorKey: Uint8Array
  /** Gets the fees of this validator's blocks; its own address by default. */
  feeRecipient?: Hex
  /** At most one block in this time; the genesis says it by default. */
  blockTimeMs?: number
  /** Time between empty blocks; the genesis says it by default. */
  heartbeatMs?: number
  /** JSON-RPC over HTTP and WebSocket; port 0 takes a free one. */
  rpc: { host: string; port: number }
  logger?: Logger
}

/** A running chain node: consensus here, execution and its JSON-RPC in a thread of their own. */
export interface Chain extends AsyncDisposable {
  readonly genesis: Genesis
  readonly rpcUrl: string
  readonly webSocketUrl: string
  /** Address of the validator key. */
  readonly validator: Hex
  readonly consensus: ConsensusEngine
  /** Decided blocks with their certificates. */
  readonly blocks: BlockStore
  readonly execution: ExecutionWorker
}

/**
 * Opens a chain node. Disposing stops consensus first, then the RPC server and execution.
 * @throws CodedError `DATA_FOLDER_IN_USE`, `GENESIS_MISSING`, `GENESIS_MISMATCH`, `NOT_A_VALIDATOR`,
 * `PORT_IN_USE` and those of the parts (`LOG_CORRUPT`, `EXECUTION_MISMATCH`, …)
 */
export async function openChain(options: ChainOptions): Promise<Chain> {
  const { logger = silentLogger, rpc } = options
  const scope = new Scope()
  try {
    const folder = scope.own(await openDataFolder(options.dataDir))
    const genesis = await loadGenesis(options.dataDir, options.genesis)
    const validator = privateKeyToAddress(options.validatorKey)
    const validators = validatorsOf(genesis, validator)
    let light: LightSource | null = null
    const execution = scope.own(
      await openExecutionWorker({
        execution: { dataDir: folder.paths.execution, genesis },
        rpc,
        methods: createLightMethods(() => light),
        logger,
      }),
    )
    const rules = await chainRules(genesis, validators, execution)
    const consensus = await openConsensus({ options, genesis, rules, execution, folder, scope })
    const { domain, executionGenesis } = rules
    const { blocks } = folder
    const status = () => consensus.status
    const validatorsAt = (height: number) => rules.validatorsAt(height)
    light = { blocks, domain, executionGenesis, validatorsAt, status }
    await consensus.start()
    const { rpcUrl, rpcWebSocketUrl: webSocketUrl } = execution
    logger.info({ rpcUrl, height: folder.blocks.height }, 'chain node is running')
    return {
      genesis,
      rpcUrl,
      webSocketUrl,
      validator,
      consensus,
      blocks: folder.blocks,
      execution,
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    }
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

interface ConsensusParts {
  options: ChainOptions
  genesis: Genesis
  rules: ChainRules
  execution: ExecutionWorker
  folder: DataFolder
  scope: Scope
}

/** The engine over the folder's files; the scope closes it before them. */
async function openConsensus(parts: ConsensusParts): Promise<ConsensusEngine> {
  const { options, genesis, rules, execution, folder, scope } = parts
  const { logger = silentLogger } = options
  const signer = createLocalSigner(options.validatorKey)
  const wal = scope.own(await openRecordFile(folder.paths.wal))
  const guard = scope.own(await openSignGuard(await openRecordFile(folder.paths.signGuard)))
  const { consensus: settings } = genesis.config.quoin
  const engine = createBftEngine({
    rules,
    signer,
    feeRecipient: options.feeRecipient ?? signer.address,
    execution,
    store: folder.blocks,
    wal,
    guard,
    transport: createLoopbackTransport(),
    clock: systemClock,
    pace: {
      blockTimeMs: options.blockTimeMs ?? settings.blockTimeMs,
      heartbeatMs: options.heartbeatMs ?? settings.heartbeatMs,
    },
    timers: defaultTimerDurations,
    logger: logger.child({ module: 'consensus' }),
  })
  return scope.own(engine)
}

async function chainRules(
  genesis: Genesis,
  validators: ValidatorSet,
  execution: ExecutionWorker,
): Promise<ChainRules> {
  const { genesisHash } = await execution.head()
  const chainId = BigInt(genesis.config.chainId)
  return {
    domain: { chainId, genesisId: genesisId(chainId, genesisHash, validators) },
    executionGenesis: genesisHash,
    genesisTimeMs: Number(genesis.timestamp) * 1000,
    equalTimestamps: genesis.config.quoin.equalTimestamps,
    validatorsAt: () => validators,
    advance: async () => {},
    epochBlocks: 0,
    blockRewardGwei: 0n,
    rewardAddressOf: () => null,
  }
}

function validatorsOf(genesis: Genesis, self: Hex): ValidatorSet {
  const { validators } = genesis.config.quoin.consensus
  const set = createValidatorSet(
    validators.map(({ power, ...keys }) => ({ ...keys, power: BigInt(power) })),
  )
  if (set.validators.length === 1 && set.powerOf(self) === 0n)
    throw new CodedError<ChainErrorCode>(
      'NOT_A_VALIDATOR',
      `The only validator of this chain is ${set.validators[0]?.address}, and the key given is ${self}'s: nobody would make blocks`,
    )
  return set
}
