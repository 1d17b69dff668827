import type { BlockStore, ConsensusStatus, DecidedBlock } from '@quoin/consensus'
import {
  certificateToRlp,
  encodeRlp,
  headerToRlp,
  type SigningDomain,
  type ValidatorSet,
} from '@quoin/headers'
import { bigintToHex, bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import type { OwnerMethods } from '@quoin/rpc'

/** What light clients are served from. */
export interface LightSource {
  blocks: BlockStore
  domain: SigningDomain
  /** Hash of the execution block 0. */
  executionGenesis: Hex
  /** The set that decides a height, for every height up to the one after the last block. */
  validatorsAt(height: number): ValidatorSet
  status(): ConsensusStatus
}

interface LightBlock {
  /** RLP of the consensus header's fields. */
  header: Hex
  /** RLP of the certificate for it. */
  certificate: Hex
  /** Who could sign it; left out in a list where it is as in the item before. */
  validators?: { address: Hex; power: Hex; blsPublicKey: Hex }[]
}

/** Blocks in one answer, and about how many characters it may grow to. */
const mostBlocks = 128
const mostCharacters = 4 * 1024 * 1024

/**
 * The JSON-RPC methods that light clients need of a BFT node. `source` gives null until the node has started.
 *
 * - `quoin_status()`: the genesis and where the node is.
 * - `quoin_getLightBlock(height | "latest")`: header, certificate and validators of a height; null when it has none.
 * - `quoin_getLightBlocks(from, count)`: the same for a range, as far as there are blocks and the answer's size allows.
 */
export function createLightMethods(source: () => LightSource | null): OwnerMethods {
  const ready = () => {
    const it = source()
    if (!it) throw new CodedError('NOT_READY', 'the node is starting: try again')
    return it
  }
  return {
    quoin_status: async () => statusOf(ready()),
    quoin_getLightBlock: async ([height]) => {
      const { blocks, validatorsAt } = ready()
      const decided = await blocks.byHeight(
        height === 'latest' ? blocks.height : parseNumber(height, 'height'),
      )
      return decided && toLightBlock(decided, validatorsAt(decided.block.header.height))
    },
    quoin_getLightBlocks: async ([from, count], { signal }) =>
      lightBlocks(ready(), {
        from: parseNumber(from, 'from'),
        count: Math.min(parseNumber(count, 'count'), mostBlocks),
        signal,
      }),
  }
}

async function lightBlocks(
  { blocks, validatorsAt }: LightSource,
  { from, count, signal }: { from: number; count: number; signal: AbortSignal },
): Promise<LightBlock[]> {
  const answer: LightBlock[] = []
  let characters = 0
  let previous = ''
  for (let height = Math.max(1, from); height < from + count; height++) {
    signal.throwIfAborted()
    const decided = await blocks.byHeight(height)
    if (!decided) break
    const { validatorsHash } = decided.block.header
    const item = toLightBlock(
      decided,
      validatorsHash === previous ? undefined : validatorsAt(height),
    )
    characters +=
      item.header.length + item.certificate.length + 240 * (item.validators?.length ?? 0)
    if (answer.length > 0 && characters > mostCharacters) break
    answer.push(item)
    previous = validatorsHash
  }
  return answer
}

async function statusOf(source: LightSource) {
  const { blocks, domain, executionGenesis, validatorsAt, status } = source
  const { height, round, step } = status()
  const head = blocks.height > 0 ? await blocks.byHeight(blocks.height) : null
  return {
    consensus: 'bft',
    chainId: bigintToHex(domain.chainId),
    genesisId: domain.genesisId,
    executionGenesis,
    genesisValidators: toJson(validatorsAt(1)),
    head: head && {
      height: head.block.header.height,
      id: head.id,
      timeMs: head.block.header.timeMs,
    },
    deciding: { height, round, step },
  }
}

function toLightBlock({ block, certificate }: DecidedBlock, validators?: ValidatorSet): LightBlock {
  return {
    header: bytesToHex(encodeRlp(headerToRlp(block.header))),
    certificate: bytesToHex(encodeRlp(certificateToRlp(certificate))),
    ...(validators && { validators: toJson(validators) }),
  }
}

function toJson({ validators }: ValidatorSet) {
  return validators.map(({ address, power, blsPublicKey }) => ({
    address,
    power: bigintToHex(power),
    blsPublicKey,
  }))
}

/** A number, or a quantity as elsewhere in JSON-RPC. */
function parseNumber(value: unknown, what: string): number {
  const number =
    typeof value === 'string' && /^0x(0|[1-9a-f][0-9a-f]{0,12})$/.test(value)
      ? Number(value)
      : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number
  throw new CodedError('INVALID_PARAMS', `${what} is no height: want a number or a quantity`)
}
