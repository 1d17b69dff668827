import {
  type BlockHeader,
  ballotDigest,
  blockId,
  type Certificate,
  commitToCertificate,
  createValidatorSet,
  encodeRlp,
  genesisId,
  type SigningDomain,
  type ValidatorSet,
  validatorsHash,
} from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { privateKeyToAddress, signatureToBytes, signHash } from '@quoin/keys'
import { keccak256 } from '@quoin/keys/hash'
import { type LightBlock, lightBlockToJson, validatorsToJson } from '../chain/light-block.ts'
import type { LightProvider } from '../provider/interface.ts'

/** A validator with a real key. Its BLS key is made up: certificates do not use it. */
export interface Member {
  address: Hex
  power: bigint
  blsPublicKey: Hex
  key: Uint8Array
}

export function member(seed: number, power = 1n): Member {
  const key = keccak256(new TextEncoder().encode(`validator ${seed}`))
  return {
    key,
    address: privateKeyToAddress(key),
    power,
    blsPublicKey: bytesToHex(new Uint8Array(48).fill(seed % 256)),
  }
}

export function members(count: number, firstSeed = 0): Member[] {
  return Array.from({ length: count }, (_, index) => member(firstSeed + index))
}

export interface ChainPlan {
  chainId?: bigint
  length: number
  /** Who decides a height. */
  setAt(height: number): Member[]
  genesisTimeMs?: number
  stepMs?: number
  /** Who signs a height's certificate; all of its set by default. */
  signersAt?(height: number): Member[]
  /** The round of a height's certificate. */
  roundAt?(height: number): number
  /** Blocks up to a height are those of another chain. */
  after?: { chain: MadeChain; height: number }
  /** Tells this chain's blocks from others at the same heights. */
  salt?: string
  change?(header: BlockHeader): BlockHeader
}

/** A chain of headers with real signatures, and a server of it. */
export interface MadeChain {
  genesisId: Hex
  domain: SigningDomain
  genesisTimeMs: number
  blocks: LightBlock[]
  /** Wall time just after the last block. */
  endMs: number
  provider(name?: string, answers?: Answers): LightProvider & { asked: string[] }
}

/** Other answers than the honest ones, by method: gets the honest answer. */
type Answers = Readonly<Record<string, (honest: unknown, params: readonly unknown[]) => unknown>>

/** RLP of an execution header with that time, as the genesis of all made chains. */
function executionGenesis(timeMs: number): Hex {
  const word = new Uint8Array(32)
  const seconds = hexToBytes(`0x${(timeMs / 1000).toString(16).padStart(8, '0')}`)
  const items = Array.from({ length: 21 }, (_, index) => {
    if (index === 2) return new Uint8Array(20)
    if (index === 6) return new Uint8Array(256)
    if (index === 14) return new Uint8Array(8)
    if (index === 11) return seconds
    return [7, 8, 9, 10, 12, 15, 17, 18].includes(index) ? new Uint8Array() : word
  })
  return bytesToHex(encodeRlp(items))
}

export function makeChain(plan: ChainPlan): MadeChain {
  const { chainId = 31402n, genesisTimeMs = 1_700_000_000_000, stepMs = 1000, after } = plan
  const rawGenesis = executionGenesis(genesisTimeMs)
  const genesisHash = bytesToHex(keccak256(hexToBytes(rawGenesis)))
  const sets = new Map<Member[], ValidatorSet>()
  const setAt = (height: number) => {
    const list = plan.setAt(Math.max(1, height))
    const known = sets.get(list) ?? createValidatorSet(list.map(({ key: _, ...rest }) => rest))
    sets.set(list, known)
    return known
  }
  const id = genesisId(chainId, genesisHash, setAt(1))
  const domain = { chainId, genesisId: id }
  const blocks = after ? after.chain.blocks.slice(0, after.height) : []
  for (let height = blocks.length + 1; height <= plan.length; height++) {
    const parent = blocks.at(-1)
    const round = plan.roundAt?.(height) ?? 0
    const made: BlockHeader = {
      chainId,
      height,
      round,
      timeMs: (parent?.header.timeMs ?? genesisTimeMs) + stepMs,
      parentId: parent?.id ?? id,
      payloadHash: bytesToHex(keccak256(new TextEncoder().encode(`${plan.salt ?? ''} ${height}`))),
      bodyHash: `0x${'b0'.repeat(32)}`,
      validatorsHash: validatorsHash(setAt(height)),
      nextValidatorsHash: validatorsHash(setAt(height + 1)),
      lastCommitHash: `0x${'1c'.repeat(32)}`,
      proposer: setAt(height).validators[0]?.address ?? '0x',
      randaoReveal: `0x${'5e'.repeat(96)}`,
      absent: [],
    }
    const header = plan.change?.(made) ?? made
    const signers = plan.signersAt?.(height) ?? plan.setAt(height)
    const certificate = certify(blockId(header), { height, round, signers, domain })
    blocks.push({ id: blockId(header), header, certificate, validators: setAt(height) })
  }
  const endMs = (blocks.at(-1)?.header.timeMs ?? genesisTimeMs) + 10
  const status = {
    consensus: 'bft',
    chainId: `0x${chainId.toString(16)}`,
    genesisId: id,
    executionGenesis: genesisHash,
    genesisValidators: validatorsToJson(setAt(1)),
  }
  const provider = (name = 'honest', answers: Answers = {}) => {
    const asked: string[] = []
    return {
      name,
      asked,
      async request(method: string, params: readonly unknown[]) {
        asked.push(method)
        const honest = answerOf(method, params, { blocks, status, rawGenesis })
        const answer = answers[method]
        return structuredClone(answer ? await answer(honest, params) : honest)
      },
    }
  }
  return { genesisId: id, domain, genesisTimeMs, blocks, endMs, provider }
}

export function certify(
  id: Hex,
  by: { height: number; round: number; signers: Member[]; domain: SigningDomain },
): Certificate {
  const { height, round, signers, domain } = by
  const ballot = { kind: 'precommit', height, round, id, validRound: -1 } as const
  const digest = ballotDigest(ballot, domain)
  const precommits = signers.map(({ address, key }) => ({
    ...ballot,
    validator: address,
    signature: bytesToHex(signatureToBytes(signHash(digest, key))),
  }))
  return commitToCertificate({ height, round, id, precommits })
}

function answerOf(
  method: string,
  params: readonly unknown[],
  served: { blocks: LightBlock[]; status: object; rawGenesis: Hex },
): unknown {
  const { blocks, status, rawGenesis } = served
  switch (method) {
    case 'quoin_status':
      return status
    case 'debug_getRawHeader':
      return rawGenesis
    case 'quoin_getLightBlock': {
      const height = params[0] === 'latest' ? blocks.length : Number(params[0])
      const block = blocks[height - 1]
      return block ? lightBlockToJson(block) : null
    }
    case 'quoin_getLightBlocks': {
      const from = Number(params[0])
      let previous = ''
      return blocks.slice(from - 1, from - 1 + Number(params[1])).map((block) => {
        const { validators, ...rest } = lightBlockToJson(block)
        const isSame = block.header.validatorsHash === previous
        previous = block.header.validatorsHash
        return isSame ? rest : { ...rest, validators }
      })
    }
    default:
      throw new Error(`Nobody serves ${method} here`)
  }
}
