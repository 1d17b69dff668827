import {
  type BlockStore,
  type ChainRules,
  type ConsensusEngine,
  createBftEngine,
  createLocalSigner,
  defaultTimerDurations,
  openRecordFile,
  openSignGuard,
  systemClock,
  type Transport,
} from '@quoin/consensus'
import { vaultOf } from '@quoin/contracts'
import { genesisId, isQuorum, type ValidatorSet, validatorsHash } from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import type { ExecutionWorker } from '@quoin/rpc'
import { genesisValidators, stakingAddress } from '../check-genesis.ts'
import type { ChainErrorCode } from '../errors.ts'
import { evidenceAgeBlocksOf } from '../evidence-age.ts'
import type { BftGenesis } from '../genesis-schema.ts'
import type { Shared } from '../open-shared.ts'
import { createEpochSets, createFixedSet, type EpochSets } from './validators/epoch-sets.ts'
import { readValidatorSet } from './validators/read-validator-set.ts'
import type { SetStore } from './validators/set-store.ts'

export interface EngineOptions {
  settings: BftGenesis
  shared: Shared
  blocks: BlockStore
  /** Null where validators are fixed. */
  setStore: SetStore | null
  transport: Transport
}

export interface OpenedEngine {
  engine: ConsensusEngine
  rules: ChainRules
  sets: EpochSets
}

const zeroAddress: Hex = `0x${'0'.repeat(40)}`

/** The engine, not yet started, over the folder's files; the scope closes it before them. */
export async function openEngine(given: EngineOptions): Promise<OpenedEngine> {
  const { settings, shared, blocks, transport } = given
  const { options, paths, execution, network, scope } = shared
  const { logger } = options
  const genesisSet = genesisValidators(settings)
  const signer = options.validatorKey && createLocalSigner(options.validatorKey)
  if (!network) checkDecidesAlone(genesisSet, signer?.address ?? null)
  const sets = await openSets(given, genesisSet)
  const rules = rulesOf(given, genesisSet, sets)
  const wal = scope.own(await openRecordFile(paths.wal))
  const guard = scope.own(await openSignGuard(await openRecordFile(paths.signGuard)))
  const evidenceLog = scope.own(await openRecordFile(paths.evidence))
  const evidenceAgeBlocks = evidenceAgeBlocksOf(shared.genesis)
  const engine = scope.own(
    createBftEngine({
      rules,
      signer,
      feeRecipient: options.feeRecipient ?? signer?.address ?? zeroAddress,
      execution,
      store: blocks,
      wal,
      guard,
      evidenceLog,
      ...(evidenceAgeBlocks !== null && { evidenceAgeBlocks }),
      transport,
      clock: systemClock,
      pace: {
        blockTimeMs: options.blockTimeMs ?? settings.blockTimeMs,
        heartbeatMs: options.heartbeatMs ?? settings.heartbeatMs,
      },
      timers: defaultTimerDurations,
      logger: logger.child({ module: 'consensus' }),
    }),
  )
  return { engine, rules, sets }
}

async function openSets(
  { settings, shared, blocks, setStore: store }: EngineOptions,
  genesisSet: ValidatorSet,
): Promise<EpochSets> {
  const { options, execution, executionGenesis } = shared
  if (!store) return createFixedSet(genesisSet)
  if (blocks.height === 0) await checkContract(execution, executionGenesis, genesisSet)
  const { epochBlocks } = settings
  return createEpochSets({
    epochBlocks,
    genesisSet,
    execution,
    store,
    logger: options.logger.child({ module: 'validators' }),
  })
}

/** The contract must begin with the validators that consensus begins with. @throws CodedError `GENESIS_INVALID` */
async function checkContract(
  execution: ExecutionWorker,
  executionGenesis: Hex,
  genesisSet: ValidatorSet,
): Promise<void> {
  const read = await readValidatorSet(execution, executionGenesis)
  const problem =
    'problem' in read
      ? read.problem
      : validatorsHash(read) === validatorsHash(genesisSet)
        ? null
        : 'it names others'
  if (problem === null) return
  throw new CodedError<ChainErrorCode>(
    'GENESIS_INVALID',
    `The Staking contract in alloc does not begin with the genesis validators: ${problem}`,
  )
}

function rulesOf(
  { settings, shared: { genesis, executionGenesis } }: EngineOptions,
  genesisSet: ValidatorSet,
  sets: EpochSets,
): ChainRules {
  const chainId = BigInt(genesis.config.chainId)
  return {
    domain: { chainId, genesisId: genesisId(chainId, executionGenesis, genesisSet) },
    executionGenesis,
    genesisTimeMs: Number(genesis.timestamp) * 1000,
    equalTimestamps: genesis.config.quoin.equalTimestamps,
    validatorsAt: (height) => sets.validatorsAt(height),
    advance: (decided) => sets.advance(decided),
    epochBlocks: settings.epochBlocks,
    blockRewardGwei: BigInt(settings.blockRewardGwei),
    rewardAddressOf:
      settings.policy === 'fixed' ? () => null : (validator) => vaultOf(stakingAddress, validator),
  }
}

/** Nobody would ever help a node without a network. */
function checkDecidesAlone(set: ValidatorSet, self: Hex | null): void {
  if (self !== null && isQuorum(set, set.powerOf(self))) return
  const [first] = set.validators
  const count = set.validators.length
  const whose =
    count === 1
      ? 'The only validator of this chain is'
      : `This chain has ${count} validators, one is`
  throw new CodedError<ChainErrorCode>(
    'NOT_A_VALIDATOR',
    `${whose} ${first?.address}, and ${self ? `this node's key is that of ${self}` : 'this node has no key'}: alone it would never see a block. Give it a network: where to listen, or whom to connect to first`,
  )
}
