import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, type Hex, type Logger, silentLogger } from '@quoin/kernel'
import { Caller } from './chain/caller.ts'
import { Chain } from './chain/chain.ts'
import { Engine } from './chain/engine.ts'
import { feesOfBlock } from './chain/fees.ts'
import { ForkSchedule } from './chain/forks.ts'
import { type GethGenesis, parseGenesis } from './chain/genesis-schema.ts'
import { Machines } from './chain/machines.ts'
import { BlockProcessor } from './chain/processor.ts'
import { createStateReader } from './chain/state-reader.ts'
import { Store } from './chain/store.ts'
import { decodeBlock } from './codec/block.ts'
import { fromHex, toHex } from './codec/bytes.ts'
import type { Execution, HeadEvent, Header } from './interface.ts'
import { PoolJournal } from './pool/journal.ts'
import { defaultPoolLimits, Pool, type PoolLimits } from './pool/pool.ts'
import { pruneChain } from './prune/prune-chain.ts'
import { Serial } from './serial.ts'
import { Simulator } from './simulate/simulator.ts'

export interface ExecutionOptions {
  /** Holds the database and the pool's journal; made when it is missing. One process at a time. */
  dataDir: string
  /** In geth's genesis.json format. */
  genesis: GethGenesis
  logger?: Logger
  poolLimits?: Partial<PoolLimits>
  /** What blocks built here move towards; the parent's by default. */
  gasLimit?: bigint
  extraData?: Hex
  /** The most gas of one call. */
  callGasCap?: bigint
  nowMs?: () => number
}

const mainnetDeposits: Hex = '0x00000000219ab540356cbb839cbe05303d7705fa'

/**
 * Opens the execution client on its data folder.
 * @throws CodedError INVALID_GENESIS, GENESIS_MISMATCH, DATA_LOCKED, DATA_UNREADABLE
 */
export async function openExecution(options: ExecutionOptions): Promise<Execution> {
  const { dataDir, genesis, logger = silentLogger, nowMs = Date.now } = options
  await using opening = new AsyncDisposableStack()
  const state = parseGenesis(genesis)
  const forks = new ForkSchedule(genesis)
  await mkdir(dataDir, { recursive: true })
  const store = opening.use(await Store.open(join(dataDir, 'chain')))
  const chain = await Chain.open(store, forks, state)
  const { journal, transactions } = PoolJournal.open(join(dataDir, 'transactions'))
  opening.use(journal)
  const chainId = BigInt(genesis.config.chainId)
  const limits = { ...defaultPoolLimits, ...options.poolLimits }
  const pool = new Pool({ chain, chainId, journal, limits, logger, nowMs })
  pool.restore(transactions)
  logger.info({ head: chain.head.hash, number: chain.head.number }, 'Opened the execution data')
  return assemble(options, { store, chain, pool, chainId, closing: opening.move() })
}

interface Parts {
  store: Store
  chain: Chain
  pool: Pool
  chainId: bigint
  closing: AsyncDisposableStack
}

function assemble(options: ExecutionOptions, parts: Parts): Execution {
  const { store, chain, pool, chainId, closing } = parts
  const { logger = silentLogger } = options
  const machines = new Machines(chain.forks, { isPatient: false })
  const patient = new Machines(chain.forks, { isPatient: true })
  const depositContract = depositContractOf(options.genesis)
  const processor = new BlockProcessor(chain, machines, depositContract)
  const gasCap = options.callGasCap ?? 50_000_000n
  const caller = new Caller({ chain, machines: patient, depositContract, gasCap })
  const simulator = new Simulator({ chain, machines: patient, chainId, depositContract })
  const serial = new Serial()
  const listeners = new Set<(event: HeadEvent) => void>()
  const headChanged = (event: HeadEvent) => {
    pool.headChanged(event)
    for (const listener of listeners)
      try {
        listener(event)
      } catch (cause) {
        logger.error({ cause }, 'A listener to new heads failed')
      }
  }
  const engine = new Engine({
    chain,
    processor,
    source: (_parent, baseFee) => pool.best(baseFee),
    known: (hash) => pool.get(hash),
    exclusively: serial.run,
    headChanged,
    headLeaves: ({ removed }) => pool.keepForReturn(removed),
    gasLimit: options.gasLimit ?? null,
    extraData: options.extraData ?? '0x',
  })
  return {
    chainId,
    engine,
    blocks: chain,
    pool,
    fees: (header) => feesOfBlock(header, chain.forks),
    async state(blockHash) {
      const header = chain.headerOf(blockHash)
      if (header === null || !chain.hasState(header)) return null
      return createStateReader(chain.nodes, fromHex(header.stateRoot))
    },
    simulate: (simulation, place) => simulator.simulate(simulation, place),
    call: (request, callOptions) => caller.call(request, callOptions),
    replay: (hash, tracer) => caller.replay(hash, tracer),
    replayBlock: (hash, replayOptions) => caller.replayBlock(hash, replayOptions),
    importBlock: (rlp) => serial.run(() => importBlock({ chain, processor, headChanged }, rlp)),
    onHead(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stateParts: (hashes) => hashes.map((hash) => store.node(hash) ?? store.code(hash) ?? null),
    prune: (pruneOptions) => pruneChain(chain, store, pruneOptions),
    pendingTransactions: ({ signal }) => pool.executable(signal),
    async [Symbol.asyncDispose]() {
      await serial.idle()
      await closing.disposeAsync()
    },
  }
}

async function importBlock(
  parts: { chain: Chain; processor: BlockProcessor; headChanged(event: HeadEvent): void },
  rlp: Uint8Array,
): Promise<Header> {
  const { chain, processor } = parts
  const decoded = decodeBlock(rlp)
  const { header } = decoded.block
  if (chain.headerOf(header.hash) !== null) return header
  const parent = chain.headerOf(header.parentHash)
  if (parent === null)
    throw new CodedError(
      'INVALID_BLOCK',
      `unknown ancestor: ${header.parentHash} of block ${header.number}`,
    )
  await chain.addCandidate(await processor.check(decoded, parent))
  if (parent.hash !== chain.head.hash) return header
  const event = await chain.setHead(header.hash, {
    safe: chain.safe?.hash ?? null,
    finalized: chain.finalized?.hash ?? null,
  })
  if (event !== null) parts.headChanged(event)
  return header
}

function depositContractOf({ config }: GethGenesis): Hex {
  const { depositContractAddress: address } = config
  return typeof address === 'string' ? toHex(fromHex(address as Hex)) : mainnetDeposits
}
