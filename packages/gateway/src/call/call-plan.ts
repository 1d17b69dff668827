import type { Units } from '@quoin/protocol'
import type { Offer } from '../service.ts'

/** A model call, understood and priced but not yet admitted: what every metered route makes of a request. */
export interface CallPlan {
  offer: Offer
  /** The most it may take: input as counted, output at its limit. */
  ceiling: Units
  answer: WholeAnswer | StreamAnswer
}

/** An answer that goes out in one piece, after it has been charged. */
export interface WholeAnswer {
  kind: 'whole'
  /** Runs the model; on abort it returns what was made so far (`isCut`), or throws when that is nothing. */
  run(signal: AbortSignal): Promise<{ body: string; units: Units; isCut?: boolean }>
}

/** Server-sent events that go out as they are made and are charged at their end. */
export interface StreamAnswer {
  kind: 'stream'
  /** Yields the events' data payloads (JSON, no line feed); on abort it ends early. Returns what was used. */
  run(signal: AbortSignal): AsyncGenerator<string[], Units>
  /** One payload as a whole server-sent event. */
  frame(payload: string): string
  /**
   * The payload that carries `member` (the receipt) in a form that clients skip. `previous` is the payload
   * before it: it has the id and names that this one goes on with.
   */
  carry(member: object, previous: string): string
  /** What closes the stream, such as `data: [DONE]`. */
  end: string
}
