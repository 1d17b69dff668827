import {
  decodeRlp,
  encodeRlp,
  hexItem,
  numberItem,
  type RlpItem,
  toBigint,
  toHex,
  toList,
} from '@quoin/headers'
import { bigintToBytes, bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256, recoverAddress } from '@quoin/keys/hash'

/** A signed transaction, with its sender recovered from the signature. */
export interface ProvenTransaction {
  hash: Hex
  type: number
  from: Hex
  to: Hex | null
  nonce: bigint
  gas: bigint
  value: bigint
  input: Hex
  chainId: bigint | null
  /** Of types 0 and 1. */
  gasPrice: bigint | null
  /** Of types from 2 on. */
  maxFeePerGas: bigint | null
  maxPriorityFeePerGas: bigint | null
  accessList: { address: Hex; storageKeys: Hex[] }[] | null
  authorizationList: Authorization[] | null
  signature: { r: bigint; s: bigint; yParity: number; v: bigint }
}

interface Authorization {
  chainId: bigint
  address: Hex
  nonce: bigint
  yParity: bigint
  r: bigint
  s: bigint
}

/** Names of the fields by type: EIP-155, 2930, 1559, 4844, 7702. `x` is not looked at. */
const layouts: Readonly<Record<number, string>> = {
  0: 'nonce gasPrice gas to value input v r s',
  1: 'chainId nonce gasPrice gas to value input accessList yParity r s',
  2: 'chainId nonce tip feeCap gas to value input accessList yParity r s',
  3: 'chainId nonce tip feeCap gas to value input accessList x x yParity r s',
  4: 'chainId nonce tip feeCap gas to value input accessList authorizationList yParity r s',
}

/** Reads a transaction as it is in the trie. @throws CodedError `INVALID_ENCODING`, `INVALID_SIGNATURE` */
export function parseTransaction(raw: Uint8Array): ProvenTransaction {
  const isLegacy = (raw[0] ?? 0) >= 0xc0
  const type = isLegacy ? 0 : (raw[0] ?? 0)
  const names = layouts[type]?.split(' ')
  if (!names || (!isLegacy && type === 0))
    throw new CodedError('INVALID_ENCODING', `There are no transactions of type ${type}`)
  const items = toList(decodeRlp(isLegacy ? raw : raw.subarray(1)), 'a transaction', names.length)
  const field = (name: string) => items[names.indexOf(name)]
  const number = (name: string) => toBigint(field(name), name)
  const optional = (name: string) => (names.includes(name) ? number(name) : null)
  const signature = signatureOf(number, isLegacy)
  const to = toHex(field('to'), 'to')
  const chainId = isLegacy ? chainIdOf(signature.v) : number('chainId')
  const signed = items.slice(0, -3)
  if (isLegacy && chainId !== null)
    signed.push(numberItem(chainId), new Uint8Array(), new Uint8Array())
  const payload = encodeRlp(signed)
  const digest = keccak256(isLegacy ? payload : Uint8Array.from([type, ...payload]))
  return {
    hash: bytesToHex(keccak256(raw)),
    type,
    from: recoverAddress(digest, signatureBytes(signature)),
    to: to === '0x' ? null : to,
    nonce: number('nonce'),
    gas: number('gas'),
    value: number('value'),
    input: toHex(field('input'), 'input'),
    chainId,
    gasPrice: optional('gasPrice'),
    maxFeePerGas: optional('feeCap'),
    maxPriorityFeePerGas: optional('tip'),
    accessList: names.includes('accessList') ? readAccessList(field('accessList')) : null,
    authorizationList: type === 4 ? readAuthorizations(field('authorizationList')) : null,
    signature,
  }
}

/** What a transaction pays per gas (EIP-1559). */
export function effectiveGasPrice(transaction: ProvenTransaction, baseFeePerGas: bigint): bigint {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = transaction
  if (gasPrice !== null) return gasPrice
  const wanted = baseFeePerGas + (maxPriorityFeePerGas ?? 0n)
  return maxFeePerGas !== null && wanted > maxFeePerGas ? maxFeePerGas : wanted
}

/** Where a creation put its code (Yellow Paper, section 7). */
export function createdAddress({ from, nonce }: ProvenTransaction): Hex {
  return bytesToHex(keccak256(encodeRlp([hexItem(from), numberItem(nonce)])).subarray(12))
}

function signatureOf(number: (name: string) => bigint, isLegacy: boolean) {
  const [r, s] = [number('r'), number('s')]
  const v = number(isLegacy ? 'v' : 'yParity')
  const yParity = Number(isLegacy ? (v < 35n ? v - 27n : (v - 35n) % 2n) : v)
  if (yParity !== 0 && yParity !== 1)
    throw new CodedError('INVALID_SIGNATURE', `A transaction’s signature has v ${v}`)
  return { r, s, yParity, v }
}

function chainIdOf(v: bigint): bigint | null {
  return v < 35n ? null : (v - 35n) / 2n
}

function signatureBytes({ r, s, yParity }: ProvenTransaction['signature']): Uint8Array {
  return Uint8Array.from([...bigintToBytes(r, 32), ...bigintToBytes(s, 32), 27 + yParity])
}

function readAccessList(item: RlpItem | undefined) {
  return toList(item, 'an access list').map((entry) => {
    const [address, keys] = toList(entry, 'an access list’s entry', 2)
    return {
      address: toHex(address, 'address', 20),
      storageKeys: toList(keys, 'storage keys').map((key) => toHex(key, 'a storage key', 32)),
    }
  })
}

function readAuthorizations(item: RlpItem | undefined): Authorization[] {
  return toList(item, 'an authorization list').map((entry) => {
    const [chainId, address, nonce, yParity, r, s] = toList(entry, 'an authorization', 6)
    return {
      chainId: toBigint(chainId, 'chainId'),
      address: toHex(address, 'address', 20),
      nonce: toBigint(nonce, 'nonce'),
      yParity: toBigint(yParity, 'yParity'),
      r: toBigint(r, 'r'),
      s: toBigint(s, 's'),
    }
  })
}
