import type { ValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { type LightBlock, parseLightBlock, parseValidators } from '../chain/light-block.ts'
import { lightError } from '../errors.ts'
import type { LightProvider } from './interface.ts'
import { parseHex, parseList, parseObject, parseQuantity } from './parse.ts'

/** What a node says of itself and its genesis; nothing of it is believed as it is. */
export interface NodeClaims {
  chainId: bigint
  genesisId: Hex
  executionGenesis: Hex
  genesisValidators: ValidatorSet
}

/** Blocks in one answer of a node. */
const batch = 128

/** Light blocks of one server, decoded and checked to belong together. */
export class BlockSource {
  readonly provider: LightProvider

  constructor(provider: LightProvider) {
    this.provider = provider
  }

  get name(): string {
    return this.provider.name
  }

  async claims(signal: AbortSignal): Promise<NodeClaims> {
    const answer = parseObject(
      await this.provider.request('quoin_status', [], { signal }),
      'a status',
    )
    if (answer.consensus !== 'bft')
      throw lightError(
        'NOT_VERIFIABLE',
        `${this.name} follows a chain without certificates (consensus: ${String(answer.consensus)}): this client follows certificates only`,
      )
    return {
      chainId: parseQuantity(answer.chainId, 'a chain id'),
      genesisId: parseHex(answer.genesisId, 'a genesis id', 32),
      executionGenesis: parseHex(answer.executionGenesis, 'an execution genesis', 32),
      genesisValidators: parseValidators(answer.genesisValidators),
    }
  }

  /** Null when the server has no block there. */
  async block(height: number | 'latest', signal: AbortSignal): Promise<LightBlock | null> {
    const answer = await this.provider.request('quoin_getLightBlock', [height], { signal })
    if (answer === null) return null
    const block = parseLightBlock(answer)
    if (height !== 'latest') this.#checkHeight(block, height)
    return block
  }

  /** @throws CodedError `NOT_AVAILABLE` */
  async blockAt(height: number, signal: AbortSignal): Promise<LightBlock> {
    const block = await this.block(height, signal)
    if (block) return block
    throw lightError('NOT_AVAILABLE', `${this.name} has no block at height ${height}`)
  }

  /** Blocks from `from` to `to`, in order, batch by batch. @throws CodedError `NOT_AVAILABLE` at a gap */
  async *range(from: number, to: number, signal: AbortSignal): AsyncGenerator<LightBlock[]> {
    for (let next = from; next <= to; ) {
      const count = Math.min(batch, to - next + 1)
      const answer = await this.provider.request('quoin_getLightBlocks', [next, count], { signal })
      const blocks: LightBlock[] = []
      for (const item of parseList(answer, 'blocks', count)) {
        const block = parseLightBlock(item, blocks.at(-1)?.validators)
        this.#checkHeight(block, next + blocks.length)
        blocks.push(block)
      }
      if (blocks.length === 0)
        throw lightError('NOT_AVAILABLE', `${this.name} has no block at height ${next}`)
      next += blocks.length
      yield blocks
    }
  }

  #checkHeight({ header }: LightBlock, height: number): void {
    if (header.height !== height)
      throw lightError(
        'SERVER_LIED',
        `${this.name} was asked for height ${height} and answered with height ${header.height}`,
      )
  }
}
