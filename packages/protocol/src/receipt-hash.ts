import type { Hex } from '@quoin/kernel'
import { getAddress, hashTypedData, recoverAddress, type TypedDataDomain } from 'viem'
import type { Receipt, SignedReceipt } from './receipt.ts'

/** The EIP-712 struct that the provider signs; field order as the Receipts contract has it. */
export const receiptTypes = {
  Receipt: [
    { name: 'serviceId', type: 'bytes32' },
    { name: 'channelId', type: 'bytes32' },
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'sequence', type: 'uint256' },
    { name: 'requestHash', type: 'bytes32' },
    { name: 'responseHash', type: 'bytes32' },
    { name: 'modelCidHash', type: 'bytes32' },
    { name: 'runtimeId', type: 'bytes32' },
    { name: 'unitsIn', type: 'uint256' },
    { name: 'unitsOut', type: 'uint256' },
    { name: 'amount', type: 'uint128' },
    { name: 'cumulative', type: 'uint128' },
    { name: 'time', type: 'uint64' },
    { name: 'idempotencyKeyHash', type: 'bytes32' },
  ],
} as const

/** Where receipts live: the chain and the address of the Receipts contract. */
export interface ReceiptDomain {
  chainId: number
  receipts: Hex
}

export function receiptDomain({ chainId, receipts }: ReceiptDomain): TypedDataDomain {
  return {
    name: 'Quoin Receipt',
    version: '1',
    chainId,
    verifyingContract: getAddress(receipts),
  }
}

/** The receipt's id: its EIP-712 digest. */
export function receiptIdOf(receipt: Receipt, domain: ReceiptDomain): Hex {
  return hashTypedData({
    domain: receiptDomain(domain),
    types: receiptTypes,
    primaryType: 'Receipt',
    message: receipt,
  })
}

const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** Whether contracts take a signature of this form: 65 bytes, v of 27 or 28, s in the lower half (EIP-2). */
function isCanonical(signature: Hex): boolean {
  const [, s] = /^0x[0-9a-f]{64}([0-9a-f]{64})1[bc]$/i.exec(signature) ?? []
  return s !== undefined && BigInt(`0x${s}`) <= halfOrder
}

/** Whether the id is the receipt's digest and the provider named in it signed it, so that the chain agrees. */
export async function isReceiptSigned(
  signed: SignedReceipt,
  domain: ReceiptDomain,
): Promise<boolean> {
  const id = receiptIdOf(signed.receipt, domain)
  if (id !== signed.id.toLowerCase() || !isCanonical(signed.signature)) return false
  try {
    const signer = await recoverAddress({ hash: id, signature: signed.signature })
    return signer.toLowerCase() === signed.receipt.provider.toLowerCase()
  } catch {
    return false
  }
}
