import type { SigningDomain } from '@quoin/headers'
import { validatorsHash } from '@quoin/headers'
import { bigintToHex, CodedError, type Hex } from '@quoin/kernel'
import { lightError } from '../errors.ts'
import { type ForkEvidence, forkEvidence } from '../fork/fork-evidence.ts'
import { parseHex, parseList, parseObject, parseQuantity } from '../provider/parse.ts'
import {
  lightBlockToJson,
  parseLightBlock,
  parseValidators,
  validatorsToJson,
} from './light-block.ts'
import { blockToPoint, type TrustedPoint } from './verify-header.ts'

/** Where trust begins: a chain's genesis, or a block that somebody vouches for. */
export type TrustRoot = { genesisId: Hex } | { height: number; id: Hex }

/** Everything that a client believes. */
export interface TrustState {
  root: TrustRoot
  domain: SigningDomain
  /** Ascending; never empty. */
  points: TrustedPoint[]
  fork: ForkEvidence | null
}

/** Where the state outlives the program: `localStorage`, a file. It must be as safe as the program itself. */
export interface LightStore {
  load(): Promise<string | null>
  save(text: string): Promise<void>
}

const format = 'quoin-light/1'
const mostPoints = 64

export function serializeState({ root, domain, points, fork }: TrustState): string {
  return JSON.stringify({
    format,
    root,
    chainId: bigintToHex(domain.chainId),
    genesisId: domain.genesisId,
    points: points.map((point) =>
      point.block
        ? lightBlockToJson(point.block)
        : {
            timeMs: point.timeMs,
            executionGenesis: point.payloadHash,
            validators: validatorsToJson(point.validators),
          },
    ),
    fork: fork?.blocks ?? null,
  })
}

/** @throws CodedError `STATE_INVALID` */
export function parseState(text: string): TrustState {
  try {
    const state = parseObject(JSON.parse(text), 'the state')
    if (state.format !== format) throw new Error(`its format is not ${format}`)
    const genesisId = parseHex(state.genesisId, 'genesisId', 32)
    const domain = { chainId: parseQuantity(state.chainId, 'chainId'), genesisId }
    const points = parseList(state.points, 'points', mostPoints * 2).map((point) =>
      parsePoint(point, genesisId),
    )
    if (points.length === 0) throw new Error('it holds no trusted block')
    return {
      root: parseRoot(state.root),
      domain,
      points,
      fork: state.fork === null ? null : parseFork(state.fork, domain),
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw lightError(
      'STATE_INVALID',
      `The kept state of the light client cannot be read: ${why}. Remove it and begin from a genesis or a checkpoint`,
      { cause },
    )
  }
}

/** The points with others added: the root, the newest and those proven last stay, the rest is forgotten. */
export function mergePoints(points: TrustedPoint[], more: readonly TrustedPoint[]): TrustedPoint[] {
  const byHeight = new Map([...points, ...more].map((point) => [point.height, point]))
  const kept = new Set(more.map(({ height }) => height))
  const sorted = [...byHeight.values()].sort((a, b) => a.height - b.height)
  for (let index = 1; sorted.length > mostPoints && index < sorted.length - 1; ) {
    const isFree = !kept.has(sorted[index]?.height ?? 0) || sorted.length > 2 * mostPoints - 1
    if (isFree) sorted.splice(index, 1)
    else index++
  }
  return sorted
}

export function isSameRoot(a: TrustRoot, b: TrustRoot): boolean {
  if ('genesisId' in a) return 'genesisId' in b && a.genesisId === b.genesisId
  return 'height' in b && a.height === b.height && a.id === b.id
}

export function genesisPoint(genesis: {
  genesisId: Hex
  executionGenesis: Hex
  timeMs: number
  validators: TrustedPoint['validators']
}): TrustedPoint {
  const { genesisId: id, executionGenesis: payloadHash, timeMs, validators } = genesis
  const nextValidatorsHash = validatorsHash(validators)
  return { height: 0, id, timeMs, payloadHash, validators, nextValidatorsHash, block: null }
}

function parsePoint(json: unknown, genesisId: Hex): TrustedPoint {
  const point = parseObject(json, 'a point')
  if ('header' in point) return blockToPoint(parseLightBlock(point))
  const { timeMs } = point
  if (typeof timeMs !== 'number') throw new CodedError('STATE_INVALID', 'the genesis has no time')
  return genesisPoint({
    genesisId,
    executionGenesis: parseHex(point.executionGenesis, 'executionGenesis', 32),
    timeMs,
    validators: parseValidators(point.validators),
  })
}

function parseRoot(json: unknown): TrustRoot {
  const root = parseObject(json, 'the root')
  if ('genesisId' in root) return { genesisId: parseHex(root.genesisId, 'the root', 32) }
  const { height } = root
  if (typeof height !== 'number') throw new CodedError('STATE_INVALID', 'the root has no height')
  return { height, id: parseHex(root.id, 'the root', 32) }
}

function parseFork(json: unknown, domain: SigningDomain): ForkEvidence {
  const [first, second] = parseList(json, 'a fork', 2).map((block) => parseLightBlock(block))
  if (!first || !second) throw new CodedError('STATE_INVALID', 'the fork has no two blocks')
  return forkEvidence(first, second, domain)
}
