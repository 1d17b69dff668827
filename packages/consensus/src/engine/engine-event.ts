import type { ConsensusBlock } from '../block.ts'
import type { Message } from '../codec/messages.ts'
import type { Timer } from '../core/messages.ts'
import type { DecidedBlock } from '../storage/block-store.ts'
import type { PeerId } from './transport.ts'
import type { SignedMessage } from './verify-message.ts'

/** All that can happen to an engine: handled one after another. */
export type EngineEvent =
  | { type: 'resume' }
  | { type: 'due'; height: number }
  | { type: 'timeout'; timer: Timer }
  | { type: 'value'; height: number; round: number; block: ConsensusBlock }
  /** `handled` lets the transport read this peer's next one. */
  | { type: 'message'; message: Message; from: PeerId; handled?: () => void }
  /** One that was judged when it was early. */
  | { type: 'future'; message: SignedMessage }
  | { type: 'synced'; blocks: DecidedBlock[]; from: PeerId }
  | { type: 'fork'; block: DecidedBlock }
  | { type: 'connected'; peer: PeerId }
  | { type: 'tick' }

/** Of one peer's messages that may wait; see `weightOf`. */
export const mailboxCapacity = 1024
/** A message with a block weighs as much as so many votes. */
export const blockWeight = 128

export function weightOf(event: EngineEvent): number {
  return event.type === 'message' && hasBlock(event.message) ? blockWeight : 1
}

export function hasBlock({ type }: Message): boolean {
  return type === 'proposal' || type === 'decided'
}
