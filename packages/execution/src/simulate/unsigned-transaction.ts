import type { Hex } from '@quoin/kernel'
import { empty, fromHex, toMinimalBytes, zeroAddress } from '../codec/bytes.ts'
import { encodeRlp, type Rlp } from '../codec/rlp.ts'
import { decodeTransaction } from '../codec/transaction.ts'
import type { Transaction } from '../interface.ts'
import type { SimulatedCallRequest } from './simulation.ts'

/** What a request does not say, and a transaction must. */
export interface TransactionDefaults {
  chainId: bigint
  nonce: bigint
  gas: bigint
}

/** The transaction that a simulated call stands for: of the fee market type by default, unsigned. */
export function unsignedTransaction(
  request: SimulatedCallRequest,
  { chainId, nonce, gas }: TransactionDefaults,
): Transaction {
  const { from = zeroAddress, to = null, value = 0n, input = '0x', gasPrice } = request
  const body: Rlp[] = [number(gas), bytes(to), number(value), fromHex(input)]
  const unsigned = [empty, empty, empty]
  if (gasPrice !== undefined)
    return decodeTransaction(encodeRlp([number(nonce), number(gasPrice), ...body, ...unsigned]), {
      from,
    })
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = request
  const type = typeOf(request)
  const fields: Rlp[] = [
    number(chainId),
    number(nonce),
    number(maxPriorityFeePerGas),
    number(maxFeePerGas),
    ...body,
    (request.accessList ?? []).map(({ address, storageKeys }) => [
      fromHex(address),
      storageKeys.map(fromHex),
    ]),
    ...extraFields(request, type),
    ...unsigned,
  ]
  return decodeTransaction(Buffer.concat([Uint8Array.of(type), encodeRlp(fields)]), { from })
}

function typeOf({ authorizationList, blobVersionedHashes }: SimulatedCallRequest): 2 | 3 | 4 {
  if (authorizationList) return 4
  return blobVersionedHashes ? 3 : 2
}

function extraFields(request: SimulatedCallRequest, type: 2 | 3 | 4): Rlp[] {
  if (type === 3)
    return [
      number(request.maxFeePerBlobGas ?? 0n),
      (request.blobVersionedHashes ?? []).map(fromHex),
    ]
  if (type === 2) return []
  return [
    (request.authorizationList ?? []).map((item) => [
      number(item.chainId),
      fromHex(item.address),
      number(item.nonce),
      number(item.yParity),
      number(item.r),
      number(item.s),
    ]),
  ]
}

function number(value: bigint): Uint8Array {
  return toMinimalBytes(value)
}

function bytes(address: Hex | null): Uint8Array {
  return address === null ? empty : fromHex(address)
}
