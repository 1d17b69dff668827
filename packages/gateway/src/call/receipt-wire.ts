import {
  encodeJsonHeader,
  headerNames,
  receiptMember,
  type SignedReceipt,
  SignedReceiptJson,
  toReceiptJson,
} from '@quoin/protocol'

const receiptHeader = headerNames.receipt.toLowerCase()

/** A charged call's headers, the receipt among them: base64 of its JSON form. */
export function receiptHeaders(charged: {
  receipt: SignedReceipt
  headers: Record<string, string>
}): Record<string, string> {
  const headers = lowerCaseNames(charged.headers)
  headers[receiptHeader] ??= encodeJsonHeader(toReceiptJson(charged.receipt))
  return headers
}

/** What a stream's last payload carries. */
export function receiptToMember(receipt: SignedReceipt): object {
  return { [receiptMember]: toReceiptJson(receipt) }
}

/** The receipt among the headers of an answer that is given again. */
export function findReceipt(headers: Record<string, string>): SignedReceipt | null {
  const header = lowerCaseNames(headers)[receiptHeader]
  if (header === undefined) return null
  return SignedReceiptJson.parse(JSON.parse(Buffer.from(header, 'base64').toString()))
}

export function lowerCaseNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}
