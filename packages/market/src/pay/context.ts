import type { Hex, Logger } from '@quoin/kernel'
import type { Chain } from '../chain/interface.ts'
import type { Channels } from '../channel/channels.ts'
import type { Digests } from '../digest.ts'
import type { ExactSettler } from '../settle/exact-settler.ts'
import type { Store } from '../store/store.ts'
import type { Answers } from './answers.ts'
import type { OfferTerms } from './offers.ts'

/** What every way to pay works with. */
export interface PayContext {
  terms: OfferTerms
  digests: Digests
  signer: { address: Hex; privateKey: Uint8Array }
  store: Store
  chain: Chain
  channels: Channels
  answers: Answers
  exact: ExactSettler
  /** Milliseconds since 1970. */
  clock: () => number
  logger: Logger
}
