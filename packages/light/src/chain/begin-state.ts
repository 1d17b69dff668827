import { genesisId as idOfGenesis } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { lightError } from '../errors.ts'
import { underName } from '../execution/account.ts'
import { parseExecutionHeader } from '../execution/execution-header.ts'
import type { BlockSource } from '../provider/block-source.ts'
import { firstThatAnswers } from '../provider/first-that-answers.ts'
import { parseHex } from '../provider/parse.ts'
import { genesisPoint, type TrustRoot, type TrustState } from './trust-state.ts'
import { blockToPoint, signersOf, type TrustedPoint } from './verify-header.ts'

/** The state at the root of trust. What servers add to it is checked against the root. */
export async function beginState(
  sources: readonly BlockSource[],
  root: TrustRoot | undefined,
  signal: AbortSignal,
): Promise<TrustState> {
  if (!root)
    throw lightError('STATE_INVALID', 'No state is kept yet: give a genesis id or a checkpoint')
  return firstThatAnswers(sources, async (source) => {
    const { chainId, genesisId } = await source.claims(signal)
    const domain = { chainId, genesisId }
    const point =
      'genesisId' in root
        ? await readGenesis(source, root.genesisId, signal)
        : await readCheckpoint(source, { ...root, domain }, signal)
    return { root, domain, points: [point], fork: null }
  })
}

/** The genesis id is a hash over the chain id, the execution genesis and the first validators. */
async function readGenesis(
  source: BlockSource,
  genesisId: Hex,
  signal: AbortSignal,
): Promise<TrustedPoint> {
  const { chainId, executionGenesis, genesisValidators } = await source.claims(signal)
  const id = idOfGenesis(chainId, executionGenesis, genesisValidators)
  if (id !== genesisId)
    throw lightError(
      'SERVER_LIED',
      `${source.name} follows another chain: its genesis is ${id}, the one trusted is ${genesisId}`,
    )
  const raw = await source.provider.request('debug_getRawHeader', ['0x0'], { signal })
  const header = underName(source.provider, () =>
    parseExecutionHeader(parseHex(raw, 'a header'), executionGenesis),
  )
  const timeMs = Number(header.timestamp) * 1000
  return genesisPoint({ genesisId, executionGenesis, timeMs, validators: genesisValidators })
}

/**
 * The block that a checkpoint names. Its certificate also fixes the genesis id, which is part of what its
 * validators signed: an honest one signed this id for its own chain only.
 */
async function readCheckpoint(
  source: BlockSource,
  { height, id, domain }: { height: number; id: Hex; domain: TrustState['domain'] },
  signal: AbortSignal,
): Promise<TrustedPoint> {
  const block = await source.blockAt(height, signal)
  if (block.id !== id)
    throw lightError(
      'SERVER_LIED',
      `${source.name} has block ${block.id} at height ${height}, the checkpoint says ${id}: the server follows another history, or the checkpoint is wrong`,
    )
  if (block.header.chainId !== domain.chainId)
    throw lightError('SERVER_LIED', `${source.name} gives its chain another id than its blocks`)
  signersOf(block, domain)
  return blockToPoint(block)
}
