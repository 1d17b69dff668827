import {
  headerNames,
  receiptMember,
  type SignedReceipt,
  SignedReceiptJson,
  toReceiptJson,
} from '@quoin/protocol'

/** A charged call's headers, the receipt among them: base64 of its JSON form. */
export function receiptHeaders(charged: {
  receipt: SignedReceipt
  headers: Record<string, string>
}): Record<string, string> {
  const json = JSON.stringify(charged.receipt, (_, member) =>
    typeof member === 'bigint' ? member.toString() : member,
  )
  const receipt = Buffer.from(json).toString('base64')
  return lowerCaseNames({ [headerNames.receipt]: receipt, ...charged.headers })
}

/** What a stream's last payload carries. */
export function receiptToMember(receipt: SignedReceipt): object {
  return { [receiptMember]: toReceiptJson(receipt) }
}

/** The receipt among the headers of an answer that is given again. */
export function findReceipt(headers: Record<string, string>): SignedReceipt | null {
  const header = lowerCaseNames(headers)[headerNames.receipt.toLowerCase()]
  if (header === undefined) return null
  return SignedReceiptJson.parse(JSON.parse(Buffer.from(header, 'base64').toString()))
}

export function lowerCaseNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}
