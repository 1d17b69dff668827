import { keccak256 } from '@quoin/keys'
import { empty, toBigint, toMinimalBytes } from '../codec/bytes.ts'
import { asBytes, decodeRlpList, encodeRlp } from '../codec/rlp.ts'
import { emptyTrieRoot } from './trie.ts'

/** An account's record in the state trie. Never changed in place. */
export interface AccountRecord {
  readonly nonce: bigint
  readonly balance: bigint
  readonly storageRoot: Uint8Array
  readonly codeHash: Uint8Array
}

export const emptyCodeHash = keccak256(empty)

export const blankAccount: AccountRecord = {
  nonce: 0n,
  balance: 0n,
  storageRoot: emptyTrieRoot,
  codeHash: emptyCodeHash,
}

export function hasCode(account: AccountRecord): boolean {
  return account.codeHash !== emptyCodeHash && Buffer.compare(account.codeHash, emptyCodeHash) !== 0
}

/** EIP-161: neither nonce, balance nor code. */
export function isEmptyAccount(account: AccountRecord): boolean {
  return account.nonce === 0n && account.balance === 0n && !hasCode(account)
}

export function encodeAccount(account: AccountRecord): Uint8Array {
  return encodeRlp([
    toMinimalBytes(account.nonce),
    toMinimalBytes(account.balance),
    account.storageRoot,
    account.codeHash,
  ])
}

export function decodeAccount(encoded: Uint8Array): AccountRecord {
  const [nonce, balance, storageRoot, codeHash] = decodeRlpList(encoded)
  return {
    nonce: toBigint(asBytes(nonce)),
    balance: toBigint(asBytes(balance)),
    storageRoot: asBytes(storageRoot),
    codeHash: asBytes(codeHash),
  }
}
