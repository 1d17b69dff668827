import { CodedError } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Header } from '../interface.ts'
import { fromHex, toBigint, toHex, toMinimalBytes } from './bytes.ts'
import { asBytes, encodeRlp, type Rlp } from './rlp.ts'

/** A header before its hash is known. */
export type Unsealed = Omit<Header, 'hash'>

/** The header's RLP fields in their order; those of later forks follow when they are there. */
function headerFields(header: Unsealed): Uint8Array[] {
  const fields = [
    fromHex(header.parentHash),
    fromHex(header.sha3Uncles),
    fromHex(header.miner),
    fromHex(header.stateRoot),
    fromHex(header.transactionsRoot),
    fromHex(header.receiptsRoot),
    fromHex(header.logsBloom),
    toMinimalBytes(header.difficulty),
    toMinimalBytes(header.number),
    toMinimalBytes(header.gasLimit),
    toMinimalBytes(header.gasUsed),
    toMinimalBytes(header.timestamp),
    fromHex(header.extraData),
    fromHex(header.mixHash),
    fromHex(header.nonce),
  ]
  const { baseFeePerGas, withdrawalsRoot, blobGasUsed, excessBlobGas } = header
  if (baseFeePerGas !== undefined) fields.push(toMinimalBytes(baseFeePerGas))
  if (withdrawalsRoot !== undefined) fields.push(fromHex(withdrawalsRoot))
  if (blobGasUsed !== undefined) fields.push(toMinimalBytes(blobGasUsed))
  if (excessBlobGas !== undefined) fields.push(toMinimalBytes(excessBlobGas))
  if (header.parentBeaconBlockRoot !== undefined) fields.push(fromHex(header.parentBeaconBlockRoot))
  if (header.requestsHash !== undefined) fields.push(fromHex(header.requestsHash))
  return fields
}

export function encodeHeader(header: Unsealed): Uint8Array {
  return encodeRlp(headerFields(header))
}

/** The header with its hash. */
export function sealHeader(header: Unsealed): Header {
  return { ...header, hash: toHex(keccak256(encodeHeader(header))) }
}

/** @throws CodedError INVALID_BLOCK when a field is missing or has a wrong length */
export function decodeHeader(fields: readonly Rlp[]): Header {
  const bytes = fields.map((field) => asBytes(field))
  if (bytes.length < 15 || bytes.length > 21 || [18, 19].includes(bytes.length))
    throw new CodedError('INVALID_BLOCK', `A header of ${bytes.length} fields is of no known fork`)
  const fixed = (index: number, size: number) => {
    const field = bytes[index]
    if (field?.length !== size)
      throw new CodedError(
        'INVALID_BLOCK',
        `Field ${index} of the header does not have ${size} bytes`,
      )
    return toHex(field)
  }
  const quantity = (index: number) => {
    const field = bytes[index]
    if (field === undefined || field.length > 32 || field[0] === 0)
      throw new CodedError('INVALID_BLOCK', `Field ${index} of the header is no canonical number`)
    return toBigint(field)
  }
  const header: Unsealed = {
    parentHash: fixed(0, 32),
    sha3Uncles: fixed(1, 32),
    miner: fixed(2, 20),
    stateRoot: fixed(3, 32),
    transactionsRoot: fixed(4, 32),
    receiptsRoot: fixed(5, 32),
    logsBloom: fixed(6, 256),
    difficulty: quantity(7),
    number: quantity(8),
    gasLimit: quantity(9),
    gasUsed: quantity(10),
    timestamp: quantity(11),
    extraData: toHex(asBytes(fields[12])),
    mixHash: fixed(13, 32),
    nonce: fixed(14, 8),
  }
  if (bytes.length > 15) header.baseFeePerGas = quantity(15)
  if (bytes.length > 16) header.withdrawalsRoot = fixed(16, 32)
  if (bytes.length > 17) header.blobGasUsed = quantity(17)
  if (bytes.length > 18) header.excessBlobGas = quantity(18)
  if (bytes.length > 19) header.parentBeaconBlockRoot = fixed(19, 32)
  if (bytes.length > 20) header.requestsHash = fixed(20, 32)
  return sealHeader(header)
}
