import { CodedError, type Hex } from '@quoin/kernel'
import type { PowBlock } from '../block.ts'
import { checkHeader } from '../check-block.ts'
import type { Taken } from '../engine/intake.ts'
import type { RefusedFork } from '../engine/interface.ts'
import type { PowErrorCode } from '../errors.ts'
import type { SealedHeader } from '../header.ts'
import type { PowRules } from '../rules.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import { type Link, linkOn } from '../tree/link.ts'
import { locatorOf } from './answer.ts'
import {
  decodeBodies,
  decodeHeadAnswer,
  decodeHeaders,
  type HeadAnswer,
  mostBodies,
  mostHeaders,
  type Question,
} from './questions.ts'

/** Headers that wait in memory until they are heavier than our chain; a fork may be this long. */
export const mostWaitingHeaders = 16_384

export interface FetchOptions {
  rules: PowRules
  tree: BlockTree
  /** One question to the peer. */
  ask(question: Question): Promise<Uint8Array>
  /** Work done and time come. @throws CodedError `INVALID_BLOCK` */
  checkWork(sealed: SealedHeader): void
  take(block: PowBlock): Promise<Taken>
  refuseFork(fork: RefusedFork): void
  signal: AbortSignal
}

/**
 * Takes a peer's chain when it is heavier than ours: headers first, each checked with its work, and bodies
 * only once the headers outweigh our head. Gives the number of blocks taken.
 * @throws CodedError `INVALID_BLOCK`, `INVALID_ENCODING`, `INVALID_MESSAGE` (the peer is bad), `PEER_FAILED`
 */
export async function fetchChain(options: FetchOptions): Promise<number> {
  const { tree, ask } = options
  const head = decodeHeadAnswer(await ask({ type: 'head' }))
  if (head.totalWork <= tree.head.totalWork) return 0
  let waiting: Link[] = []
  let taken = 0
  for (;;) {
    const tip = waiting.at(-1)
    const locator = tip ? [tip.id, ...locatorOf(tree)] : locatorOf(tree)
    const headers = decodeHeaders(await ask({ type: 'headers', locator }))
    const parent = parentOf(headers, tip, options)
    if (parent && parent.height < tree.finalizedHeight) {
      options.refuseFork({ ...head, forkHeight: parent.height })
      return taken
    }
    if (parent) waiting = [...(parent === tip ? waiting : []), ...linkAll(headers, parent, options)]
    if ((waiting.at(-1)?.totalWork ?? 0n) > tree.head.totalWork) {
      taken += await fetchBodies(waiting, options)
      waiting = []
    }
    if (headers.length < mostHeaders) return checkKept(head, taken, waiting)
    if (waiting.length > mostWaitingHeaders)
      throw new CodedError<PowErrorCode>(
        'PEER_FAILED',
        `${waiting.length} headers are not heavier than our chain`,
      )
  }
}

/** What the headers stand on: the last waiting one, or a stored block. Null for no headers. */
function parentOf(
  headers: readonly SealedHeader[],
  tip: Link | undefined,
  { tree }: FetchOptions,
): Link | null {
  const [first] = headers
  if (!first) return null
  const { parentId } = first.header
  const parent = tip?.id === parentId ? tip : tree.link(parentId)
  if (parent) return parent
  throw new CodedError<PowErrorCode>('INVALID_MESSAGE', 'Headers that stand on nothing we named')
}

function linkAll(
  headers: readonly SealedHeader[],
  parent: Link,
  { rules, checkWork }: FetchOptions,
): Link[] {
  let last = parent
  return headers.map((sealed) => {
    checkHeader(sealed, last, rules)
    checkWork(sealed)
    last = linkOn(last, sealed, rules)
    return last
  })
}

async function fetchBodies(links: readonly Link[], options: FetchOptions): Promise<number> {
  const { tree, ask, take, signal } = options
  let missing = links.filter(({ id }) => tree.link(id) === null)
  const count = missing.length
  while (missing.length > 0) {
    signal.throwIfAborted()
    const ids: Hex[] = missing.slice(0, mostBodies).map(({ id }) => id)
    const bodies = decodeBodies(await ask({ type: 'bodies', ids }))
    if (bodies.length === 0)
      throw new CodedError<PowErrorCode>('PEER_FAILED', 'It has headers without their bodies')
    for (const [index, body] of bodies.entries()) {
      const sealed = missing[index]?.sealed
      if (sealed) await take({ ...sealed, ...body })
    }
    missing = missing.slice(bodies.length)
  }
  return count
}

function checkKept(head: HeadAnswer, taken: number, waiting: readonly Link[]): number {
  if (taken > 0 || waiting.length === 0) return taken
  throw new CodedError<PowErrorCode>(
    'PEER_FAILED',
    `It named a head with ${head.totalWork} work and has a chain with less than ours`,
  )
}
