import {
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
import { vaultOf } from '@quoin/contracts'
import { genesisId, isQuorum, type ValidatorSet, validatorsHash } from '@quoin/headers'
import { CodedError, type Hex, type Logger, type Scope } from '@quoin/kernel'
import type { Network } from '@quoin/network'
import type { ExecutionWorker } from '@quoin/rpc'
import { genesisValidators, stakingAddress } from './check-genesis.ts'
import type { DataFolder } from './data-folder.ts'
import type { ChainErrorCode } from './errors.ts'
import type { BftGenesis, Genesis } from './genesis-schema.ts'
import type { LightSource } from './light-methods.ts'
import { createBftTransport } from './network/bft-transport.ts'
import { createEpochSets, createFixedSet, type EpochSets } from './validators/epoch-sets.ts'
import { readValidatorSet } from './validators/read-validator-set.ts'
import { openSetStore } from './validators/set-store.ts'

export interface BftPartsOptions {
  validatorKey: Uint8Array | null
  feeRecipient?: Hex
  blockTimeMs?: number
  heartbeatMs?: number
  logger: Logger
  genesis: Genesis
  settings: BftGenesis
  execution: ExecutionWorker
  /** Hash of execution's block 0. */
  executionGenesis: Hex
  folder: DataFolder
  network: Network | null
}

export interface BftParts {
  engine: ConsensusEngine
  rules: ChainRules
  sets: EpochSets
  light: LightSource
}

const zeroAddress: Hex = `0x${'0'.repeat(40)}`

/** The engine, not yet started, over the folder's files; the scope closes it before them. */
export async function openBftParts(options: BftPartsOptions, scope: Scope): Promise<BftParts> {
  const { settings, execution, folder, network, logger } = options
  const genesisSet = genesisValidators(settings)
  const signer = options.validatorKey && createLocalSigner(options.validatorKey)
  if (!network) checkDecidesAlone(genesisSet, signer?.address ?? null)
  const sets = await openSets(options, genesisSet, scope)
  const rules = rulesOf(options, genesisSet, sets)
  const wal = scope.own(await openRecordFile(folder.paths.wal))
  const guard = scope.own(await openSignGuard(await openRecordFile(folder.paths.signGuard)))
  const engine = scope.own(
    createBftEngine({
      rules,
      signer,
      feeRecipient: options.feeRecipient ?? signer?.address ?? zeroAddress,
      execution,
      store: folder.blocks,
      wal,
      guard,
      transport: network
        ? createBftTransport(network, logger.child({ module: 'transport' }))
        : createLoopbackTransport(),
      clock: systemClock,
      pace: {
        blockTimeMs: options.blockTimeMs ?? settings.blockTimeMs,
        heartbeatMs: options.heartbeatMs ?? settings.heartbeatMs,
      },
      timers: defaultTimerDurations,
      logger: logger.child({ module: 'consensus' }),
    }),
  )
  const { domain, executionGenesis, validatorsAt } = rules
  const status = () => engine.status
  const light = { blocks: folder.blocks, domain, executionGenesis, validatorsAt, status }
  return { engine, rules, sets, light }
}

async function openSets(
  { settings, execution, executionGenesis, folder, logger }: BftPartsOptions,
  genesisSet: ValidatorSet,
  scope: Scope,
): Promise<EpochSets> {
  if (settings.policy === 'fixed') return createFixedSet(genesisSet)
  if (folder.blocks.height === 0) await checkContract(execution, executionGenesis, genesisSet)
  const store = scope.own(await openSetStore(folder.paths.validatorSets))
  const { epochBlocks } = settings
  return createEpochSets({
    epochBlocks,
    genesisSet,
    execution,
    store,
    logger: logger.child({ module: 'validators' }),
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
  { genesis, settings, executionGenesis }: BftPartsOptions,
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
  const whose = set.validators.length === 1 ? `The only validator of this chain is` : 'One is'
  throw new CodedError<ChainErrorCode>(
    'NOT_A_VALIDATOR',
    `${whose} ${first?.address}, and ${self ? `the key given is ${self}'s` : 'no key is given'}: without a network nobody would make blocks`,
  )
}
