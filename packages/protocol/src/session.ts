import type { Hex } from '@quoin/kernel'

/** Limits that a payer set for one channel's session key, as the SessionKeys contract keeps them. */
export interface Session {
  /** The most that may be charged on the channel in all (cumulative, atomic units). */
  capAtomic: bigint
  /** Seconds since 1970; calls after it are refused. */
  expiresAt: number
  /** The only service that may be called (bytes32); zero for any service of the receiver. */
  scope: Hex
}

export const anyScope: Hex = `0x${'0'.repeat(64)}`

export type SessionFault = 'expired' | 'out-of-scope' | 'over-cap'

/** Why a session does not cover a charge of `total` on the channel; null when it does. */
export function findSessionFault(
  session: Session,
  call: { serviceId: Hex; total: bigint; now: number },
): SessionFault | null {
  if (call.now >= session.expiresAt) return 'expired'
  if (session.scope !== anyScope && session.scope !== call.serviceId.toLowerCase())
    return 'out-of-scope'
  return call.total > session.capAtomic ? 'over-cap' : null
}
