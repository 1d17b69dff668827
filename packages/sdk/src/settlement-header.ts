import {
  ChannelState,
  decodeJsonHeader,
  headerNames,
  parseMessage,
  SettlementResponse,
} from '@quoin/protocol'
import { sdkError } from './errors.ts'

/** PAYMENT-RESPONSE; null when there is none. @throws CodedError `PROTOCOL_VIOLATION` */
export function readSettlement(response: Response): SettlementResponse | null {
  const header = response.headers.get(headerNames.paymentResponse)
  if (header === null) return null
  try {
    return parseMessage(SettlementResponse, decodeJsonHeader(header), 'PAYMENT-RESPONSE')
  } catch (cause) {
    throw sdkError(
      'PROTOCOL_VIOLATION',
      `${response.url}: PAYMENT-RESPONSE is not of x402 version 2`,
      {
        cause,
      },
    )
  }
}

/** False when the provider left the deposit unused, because the channel covered the call without it. */
export function isFunded(settlement: SettlementResponse, deposited: bigint): boolean {
  const state = ChannelState.safeParse(settlement.extra?.channelState)
  return !state.success || BigInt(state.data.balance) >= deposited
}
