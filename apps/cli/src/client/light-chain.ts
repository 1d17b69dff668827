import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Genesis, genesisIdOf, parseGenesis, trustingPeriodMsOf } from '@quoin/chain'
import { CodedError, type Hex } from '@quoin/kernel'
import {
  createLightClient,
  createVerifiedChain,
  httpProvider,
  type LightStore,
  type TrustRoot,
  type VerifiedChain,
} from '@quoin/light'
import { claimedGenesis } from '@quoin/sdk'
import { cliError } from '../exit-codes.ts'
import type { Settings } from '../settings/settings.ts'

/** A light client's chain, and in words where its trust begins. */
export interface LightChain {
  chain: VerifiedChain
  origin: string
  isFirstUse: boolean
}

interface Root {
  /** Undefined: the state that is kept. */
  root?: TrustRoot
  origin: string
  isFirstUse: boolean
  trustingPeriodMs?: number
}

const dayMs = 86_400_000

/**
 * A light client over the node at `rpcUrl`. What it trusts: --checkpoint, else --genesis, else the chain of the
 * data folder, else what it proved before, else the genesis that the node names (kept from then on).
 */
export async function openLightChain(
  settings: Settings,
  { rpcUrl, trustingDays }: { rpcUrl: string; trustingDays: number | undefined },
): Promise<LightChain> {
  const path = join(settings.dataDir, 'client', 'light-client.json')
  const { origin, isFirstUse, root, trustingPeriodMs } = await findRoot(settings, { path, rpcUrl })
  const periodMs = trustingDays === undefined ? trustingPeriodMs : trustingDays * dayMs
  const client = await createLightClient({
    providers: [httpProvider(rpcUrl)],
    store: fileStore(path),
    ...(root && { root }),
    ...(periodMs !== undefined && { trustingPeriodMs: periodMs }),
  })
  return { chain: createVerifiedChain({ client }), origin, isFirstUse }
}

async function findRoot(
  settings: Settings,
  { path, rpcUrl }: { path: string; rpcUrl: string },
): Promise<Root> {
  const { checkpoint, dataDir } = settings
  const file = settings.genesis ?? join(dataDir, 'chain', 'genesis.json')
  const genesis = await readGenesis(file, settings.genesis === undefined)
  if (checkpoint !== undefined)
    return {
      root: parseCheckpoint(checkpoint),
      origin: `the checkpoint ${checkpoint}`,
      isFirstUse: false,
      ...(genesis && checkpointPeriod(genesis)),
    }
  if (genesis && genesis.config.quoin.consensus.engine !== 'bft') throw withoutCertificates()
  const kept = await keptGenesis(path)
  if (genesis) {
    const genesisId = genesisIdOf(genesis)
    const isKept = kept === genesisId
    return {
      ...(!isKept && { root: { genesisId } }),
      origin: `the genesis ${genesisId} in ${file}`,
      isFirstUse: false,
      trustingPeriodMs: trustingPeriodMsOf(genesis),
    }
  }
  if (kept)
    return { origin: `the chain that is known from earlier, of genesis ${kept}`, isFirstUse: false }
  const genesisId = await claimedGenesis(rpcUrl)
  return {
    root: { genesisId },
    origin: `the genesis ${genesisId}, as ${rpcUrl} names it: the first use of this chain here`,
    isFirstUse: true,
    trustingPeriodMs: Number.POSITIVE_INFINITY,
  }
}

/** What a light client cannot do, and why. */
function withoutCertificates() {
  return cliError(
    'NOT_VERIFIABLE',
    'This chain is one of proof of work: its blocks carry no certificates, so nothing of it can be proven without following the whole chain. Run a node of your own and believe that one',
  )
}

/** Never longer than by default: the checkpoint may be another chain's than the genesis that is there. */
function checkpointPeriod(genesis: Genesis): { trustingPeriodMs?: number } {
  const trustingPeriodMs = trustingPeriodMsOf(genesis)
  return trustingPeriodMs < 7 * dayMs ? { trustingPeriodMs } : {}
}

function parseCheckpoint(text: string): TrustRoot {
  const [, height, id] = /^([1-9][0-9]*):0x([0-9a-f]{64})$/.exec(text) ?? []
  if (height === undefined || id === undefined)
    throw cliError('USAGE', `${text} is no checkpoint: write HEIGHT:ID`)
  return { height: Number(height), id: `0x${id}` }
}

async function readGenesis(file: string, mayBeMissing: boolean): Promise<Genesis | null> {
  try {
    return parseGenesis(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    if (mayBeMissing && isMissing(cause)) return null
    throw cliError('USAGE', `${file} cannot be read as a genesis`, { cause })
  }
}

/** The genesis id in the kept state, when there is one that can be read. */
async function keptGenesis(path: string): Promise<Hex | null> {
  const text = await fileStore(path).load()
  const [, id] = /"genesisId":"0x([0-9a-f]{64})","points"/.exec(text ?? '') ?? []
  return id === undefined ? null : `0x${id}`
}

function fileStore(path: string): LightStore {
  return {
    async load() {
      try {
        return await readFile(path, 'utf8')
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },
    async save(text) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const temporary = `${path}.${process.pid}.new`
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    },
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
