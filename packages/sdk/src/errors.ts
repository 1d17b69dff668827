import { CodedError, type ErrorDetail } from '@quoin/kernel'

/** Everything the SDK refuses to do, or finds wrong in what a provider sent. */
export type SdkErrorCode =
  /** The signed total would pass the payer's cap. */
  | 'CAP_REACHED'
  /** One call asks for more than `maxPerCall`. */
  | 'CALL_TOO_EXPENSIVE'
  /** The spending limits have expired. */
  | 'LIMITS_EXPIRED'
  /** The server offers no way to pay that the limits allow. */
  | 'NO_ACCEPTABLE_OFFER'
  /** The payer does not own what must be deposited. */
  | 'FUNDS_TOO_LOW'
  /** The server refused the payment, and correcting it did not help. */
  | 'PAYMENT_REFUSED'
  /** A 402, a payment response or a receipt that is not of the agreed form. */
  | 'PROTOCOL_VIOLATION'
  /** A receipt that does not match the call, its signature or its channel. */
  | 'RECEIPT_WRONG'
  /** The connection broke in the middle of a streamed answer. */
  | 'ANSWER_BROKEN'
  /** An earlier violation: nothing more is paid to this provider. */
  | 'PROVIDER_DISTRUSTED'
  | 'CHANNEL_UNKNOWN'
  | 'CHANNEL_STATE'
  | 'CHAIN_UNREACHABLE'
  | 'CONFIGURATION'

export function sdkError(
  code: SdkErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): CodedError<SdkErrorCode> {
  return new CodedError(code, message, options)
}
