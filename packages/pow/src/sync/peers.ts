import { CodedError, type Logger, Scope } from '@quoin/kernel'
import { decodePowBlock, type PowBlock } from '../block.ts'
import { checkHeader } from '../check-block.ts'
import type { Clock } from '../clock.ts'
import { difficultyToTarget } from '../difficulty/work.ts'
import type { Taken } from '../engine/intake.ts'
import type { RefusedFork } from '../engine/interface.ts'
import type { SealedHeader } from '../header.ts'
import type { PowRules } from '../rules.ts'
import { type PeerId, type PowTransport, powLimits, type Verdict } from '../transport.ts'
import type { BlockTree } from '../tree/block-tree.ts'

export interface PeersOptions {
  rules: PowRules
  tree: BlockTree
  transport: PowTransport
  clock: Clock
  maxFutureMs: number
  hasWork(sealed: SealedHeader): boolean
  take(block: PowBlock): Promise<Taken>
  refuseFork(fork: RefusedFork): void
  logger: Logger
}

/** The engine's dealings with other nodes: what they announce, what they ask, what we ask of them. */
export class Peers implements AsyncDisposable {
  readonly #options: PeersOptions
  readonly #scope = new Scope()

  constructor(options: PeersOptions) {
    this.#options = options
  }

  get isSyncing(): boolean {
    return false
  }

  start(): void {
    const { transport } = this.#options
    this.#scope.defer(transport.onAnnounce((bytes, from) => this.#hear(bytes, from)))
  }

  #hear(bytes: Uint8Array, from: PeerId): Verdict {
    const { tree, rules, hasWork, transport } = this.#options
    try {
      if (bytes.length > powLimits.announcement) throw new RangeError('too large')
      const block = decodePowBlock(bytes)
      if (tree.link(block.id)) return 'ignore'
      if (block.header.target > difficultyToTarget(rules.minimumDifficulty) || !hasWork(block))
        throw new CodedError('INVALID_BLOCK', 'The work was not done')
      const parent = tree.link(block.header.parentId)
      if (parent) checkHeader(block, parent, rules)
      this.#options.take(block).catch(() => transport.report(from, 'invalid'))
      return parent ? 'accept' : 'ignore'
    } catch {
      transport.report(from, 'invalid')
      return 'reject'
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]()
  }
}
