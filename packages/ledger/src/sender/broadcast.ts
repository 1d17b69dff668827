import type { Hex } from '@quoin/kernel'
import type { PublicClient } from 'viem'
import type { LedgerError } from '../errors.ts'
import { isUnreachable, rpcMessage, toLedgerError } from '../rpc-error.ts'

/** What became of a transaction that was handed to the node. */
export type Verdict =
  | { kind: 'accepted' }
  /** The very same bytes were there already. */
  | { kind: 'known' }
  /** Nobody answered: it may have arrived. */
  | { kind: 'unknown' }
  /** Its nonce is used on the chain. */
  | { kind: 'nonce-used' }
  /** Another transaction in the pool has its nonce, and pays as much. */
  | { kind: 'nonce-taken' }
  /** The pool has no room just now. */
  | { kind: 'busy' }
  /** The fees are below what the pool takes. */
  | { kind: 'fees-low' }
  | { kind: 'refused'; error: LedgerError }

/** The words of geth, which other clients follow closely enough. */
const verdicts: readonly (readonly [RegExp, Verdict])[] = [
  [/already (known|imported|exists)|known transaction/i, { kind: 'known' }],
  [/nonce (is )?too low|nonce has already been used/i, { kind: 'nonce-used' }],
  [/replacement transaction underpriced|replacement fee too low/i, { kind: 'nonce-taken' }],
  [/pool is full|pool limit|account limit|too many (pending|queued)|in-flight/i, { kind: 'busy' }],
  [/less than block base fee|underpriced|fee too low|gas price too low/i, { kind: 'fees-low' }],
]

/** Hands signed bytes to the node, once: a silent retry could make an accepted one look foreign. */
export async function broadcast(client: PublicClient, raw: Hex, doing: string): Promise<Verdict> {
  try {
    await client.request({ method: 'eth_sendRawTransaction', params: [raw] }, { retryCount: 0 })
    return { kind: 'accepted' }
  } catch (error) {
    if (isUnreachable(error)) return { kind: 'unknown' }
    const message = rpcMessage(error)
    const known = verdicts.find(([words]) => words.test(message))
    return known?.[1] ?? { kind: 'refused', error: toLedgerError(error, doing) }
  }
}
