import { decodeRlp, toBigint, toHex, toList } from '@quoin/headers'
import { bigintToBytes, bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { refuseOthers } from '../chain/light-block.ts'
import { lightError } from '../errors.ts'
import type { LightProvider } from '../provider/interface.ts'
import { parseHex, parseList, parseObject, parseQuantity } from '../provider/parse.ts'
import { emptyRoot, provenValue } from '../trie/proven-value.ts'

/** An account at a block. One that does not exist has nothing. */
export interface ProvenAccount {
  address: Hex
  nonce: bigint
  balance: bigint
  codeHash: Hex
  storageRoot: Hex
  /** The slots that were asked for, in their order; zero where nothing was ever written. */
  slots: { slot: Hex; value: bigint }[]
}

const emptyCodeHash: Hex = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'

/** Slots in one request, as nodes allow. */
const mostSlots = 1024
const mostNodes = 64

interface StateRequest {
  provider: LightProvider
  /** Number and state root of a proven execution block. */
  at: { number: bigint; stateRoot: Hex }
  signal: AbortSignal
}

/** Reads an account and its slots by `eth_getProof`. @throws CodedError `SERVER_LIED`, `SERVER_FAILED` */
export async function readAccount(
  { provider, at, signal }: StateRequest,
  address: Hex,
  slots: readonly bigint[] = [],
): Promise<ProvenAccount> {
  if (slots.length > mostSlots)
    throw lightError('TOO_MUCH', `${slots.length} slots in one request, at most ${mostSlots}`)
  const keys = slots.map((slot) => bytesToHex(bigintToBytes(slot, 32)))
  const params = [address, keys, `0x${at.number.toString(16)}`]
  const answer = await provider.request('eth_getProof', params, { signal })
  return underName(provider, () => checkProof(answer, { address, keys, stateRoot: at.stateRoot }))
}

/** Reads the code that a proven account has. @throws CodedError `SERVER_LIED`, `SERVER_FAILED` */
export async function readCode(
  { provider, at, signal }: StateRequest,
  { address, codeHash }: Pick<ProvenAccount, 'address' | 'codeHash'>,
): Promise<Hex> {
  if (codeHash === emptyCodeHash) return '0x'
  const params = [address, `0x${at.number.toString(16)}`]
  const code = parseHex(await provider.request('eth_getCode', params, { signal }), 'code')
  if (bytesToHex(keccak256(hexToBytes(code))) === codeHash) return code
  throw lightError('SERVER_LIED', `${provider.name} gave another code of ${address} than it has`)
}

function checkProof(
  json: unknown,
  { address, keys, stateRoot }: { address: Hex; keys: Hex[]; stateRoot: Hex },
): ProvenAccount {
  const answer = parseObject(json, 'a proof')
  const account = decodeAccount(provenValue(stateRoot, address, parseNodes(answer.accountProof)))
  checkClaim('balance', address, account.balance, answer.balance)
  checkClaim('nonce', address, account.nonce, answer.nonce)
  const proofs = parseList(answer.storageProof, 'storage proofs', mostSlots)
  if (proofs.length !== keys.length)
    throw lightError('SERVER_LIED', `${proofs.length} storage proofs for ${keys.length} slots`)
  const slots = keys.map((slot, index) => {
    const { proof, value: claim } = parseObject(proofs[index], 'a storage proof')
    const bytes = provenValue(account.storageRoot, slot, parseNodes(proof))
    const value =
      bytes === null ? 0n : refuseOthers('a slot', () => toBigint(decodeRlp(bytes), slot))
    checkClaim(`slot ${slot}`, address, value, claim)
    return { slot, value }
  })
  return { address, ...account, slots }
}

function decodeAccount(bytes: Uint8Array | null) {
  if (bytes === null)
    return { nonce: 0n, balance: 0n, storageRoot: emptyRoot, codeHash: emptyCodeHash }
  return refuseOthers('an account', () => {
    const [nonce, balance, storageRoot, codeHash] = toList(decodeRlp(bytes), 'an account', 4)
    return {
      nonce: toBigint(nonce, 'nonce'),
      balance: toBigint(balance, 'balance'),
      storageRoot: toHex(storageRoot, 'storageRoot', 32),
      codeHash: toHex(codeHash, 'codeHash', 32),
    }
  })
}

/** Only the proof counts, but who says otherwise beside it lies. */
function checkClaim(what: string, address: Hex, proven: bigint, claim: unknown): void {
  if (claim === undefined) return
  const said = parseQuantity(claim, what)
  if (said !== proven)
    throw lightError(
      'SERVER_LIED',
      `The ${what} of ${address} is said to be ${said}, the proof says ${proven}`,
    )
}

function parseNodes(json: unknown): Hex[] {
  return parseList(json, 'proof nodes', mostNodes).map((node) => parseHex(node, 'a proof node'))
}

/** Puts the server's name before what is wrong with its answer. */
export function underName<T>({ name }: LightProvider, check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'SERVER_LIED')) throw cause
    throw lightError('SERVER_LIED', `${name} lied: ${cause.message}`, { cause })
  }
}
