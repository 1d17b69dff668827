import type { Demand } from './offers.ts'

/** A payment on its way with one call. Exactly one of the methods ends it. */
export interface Payment {
  header: string
  /** The answer is there: settles the books and checks the receipt, when the body has been read if it streams. */
  answered(response: Response): Promise<Response>
  /**
   * A 402 came back. Gives what the next attempt must count from.
   * @throws CodedError `PAYMENT_REFUSED` when another attempt would not help.
   */
  refused(demand: Demand): Promise<bigint>
  /** No answer came: what was charged is unknown. */
  lost(error: unknown): Promise<void>
}
