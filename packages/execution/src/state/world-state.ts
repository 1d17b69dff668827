import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { empty } from '../codec/bytes.ts'
import { asBytes, decodeRlp, encodeRlp } from '../codec/rlp.ts'
import {
  type AccountRecord,
  blankAccount,
  decodeAccount,
  emptyCodeHash,
  encodeAccount,
  hasCode,
} from './account.ts'
import { hashOfKey } from './key-hashes.ts'
import { hashKey, type NodeStore, type StateWrites } from './node-store.ts'
import { emptyTrieRoot, type Trie } from './trie.ts'

interface StorageChanges {
  /** Nothing below shows through: the account was created or cleared here. */
  fresh: boolean
  slots: Map<Hex, Uint8Array>
}

type Undo = () => void

/**
 * The state after some block with changes on top, which checkpoints can take back. Synchronous.
 * Tries are touched only by `seal`, once a block. Slot values are without leading zeros.
 */
export class WorldState {
  readonly #nodes: NodeStore
  readonly #base: Trie
  readonly #read = new Map<Hex, AccountRecord | null>()
  readonly #accounts = new Map<Hex, AccountRecord | null>()
  readonly #storages = new Map<Hex, StorageChanges>()
  readonly #code = new Map<string, Uint8Array>()
  /** Values at the beginning of the transaction (EIP-2200). */
  readonly #originals = new Map<string, Uint8Array>()
  readonly #undo: Undo[] = []
  readonly #checkpoints: number[] = []

  constructor(nodes: NodeStore, stateRoot: Uint8Array) {
    this.#nodes = nodes
    this.#base = nodes.trie(stateRoot)
  }

  account(address: Hex): AccountRecord | null {
    const changed = this.#accounts.get(address)
    if (changed !== undefined) return changed
    const known = this.#read.get(address)
    if (known !== undefined) return known
    const encoded = this.#base.get(hashOfKey(address))
    const account = encoded === null ? null : decodeAccount(encoded)
    this.#read.set(address, account)
    return account
  }

  setAccount(address: Hex, account: AccountRecord | null): void {
    this.#change(this.#accounts, address, account)
  }

  /** Removes the account with its code and storage. */
  deleteAccount(address: Hex): void {
    if (this.account(address) === null) return
    this.setAccount(address, null)
    this.clearStorage(address)
  }

  code(address: Hex): Uint8Array {
    const account = this.account(address)
    if (account === null || !hasCode(account)) return empty
    return this.#code.get(hashKey(account.codeHash)) ?? this.#nodes.code(account.codeHash)
  }

  setCode(address: Hex, code: Uint8Array): void {
    const codeHash = code.length === 0 ? emptyCodeHash : keccak256(code)
    if (code.length > 0) this.#code.set(hashKey(codeHash), Uint8Array.from(code))
    this.setAccount(address, { ...(this.account(address) ?? blankAccount), codeHash })
  }

  storage(address: Hex, slot: Hex): Uint8Array {
    const changes = this.#storages.get(address)
    const changed = changes?.slots.get(slot)
    if (changed !== undefined) return changed
    if (changes?.fresh) return empty
    const account = this.account(address)
    if (account === null) return empty
    const encoded = this.#nodes.trie(account.storageRoot).get(hashOfKey(slot))
    return encoded === null ? empty : asBytes(decodeRlp(encoded))
  }

  setStorage(address: Hex, slot: Hex, value: Uint8Array): void {
    const key = address + slot
    if (!this.#originals.has(key)) this.#originals.set(key, this.storage(address, slot))
    let changes = this.#storages.get(address)
    if (changes === undefined) {
      changes = { fresh: false, slots: new Map() }
      this.#change(this.#storages, address, changes)
    }
    this.#change(changes.slots, slot, withoutZeros(value))
  }

  clearStorage(address: Hex): void {
    this.#change(this.#storages, address, { fresh: true, slots: new Map() })
  }

  originalStorage(address: Hex, slot: Hex): Uint8Array {
    return this.#originals.get(address + slot) ?? this.storage(address, slot)
  }

  beginTransaction(): void {
    if (this.#originals.size > 0) this.#originals.clear()
  }

  checkpoint(): void {
    this.#checkpoints.push(this.#undo.length)
  }

  commit(): void {
    this.#checkpoints.pop()
    if (this.#checkpoints.length === 0) this.#undo.length = 0
  }

  revert(): void {
    const length = this.#checkpoints.pop() ?? 0
    while (this.#undo.length > length) this.#undo.pop()?.()
  }

  /** Applies all changes to the tries. Changes may go on and be sealed again. */
  seal(): { stateRoot: Uint8Array; writes: StateWrites } {
    const writes: StateWrites = { nodes: [], code: [] }
    const sink = (hash: Uint8Array, encoded: Uint8Array) => {
      writes.nodes.push({ key: hashKey(hash), hash, encoded })
    }
    for (const [address, changes] of this.#storages) this.#sealStorage(address, changes, sink)
    const trie = this.#base.fork()
    for (const [address, account] of this.#accounts) {
      if (account === null) {
        trie.delete(hashOfKey(address))
        continue
      }
      trie.put(hashOfKey(address), encodeAccount(account))
      const code = this.#code.get(hashKey(account.codeHash))
      if (code !== undefined) writes.code.push({ hash: account.codeHash, code })
    }
    const stateRoot = trie.seal(sink)
    this.#nodes.remember(stateRoot, trie)
    return { stateRoot, writes }
  }

  #sealStorage(
    address: Hex,
    changes: StorageChanges,
    sink: (hash: Uint8Array, encoded: Uint8Array) => void,
  ): void {
    const account = this.account(address)
    if (account === null) return
    const before = this.#nodes.trie(changes.fresh ? emptyTrieRoot : account.storageRoot)
    const trie = before.fork()
    for (const [slot, value] of changes.slots) {
      if (value.length === 0) trie.delete(hashOfKey(slot))
      else trie.put(hashOfKey(slot), encodeRlp(value))
    }
    const storageRoot = trie.seal(sink)
    this.#nodes.remember(storageRoot, trie)
    this.#accounts.set(address, { ...account, storageRoot })
  }

  #change<K, V>(map: Map<K, V>, key: K, value: V): void {
    if (this.#checkpoints.length > 0) {
      const before = map.get(key)
      this.#undo.push(before === undefined ? () => map.delete(key) : () => map.set(key, before))
    }
    map.set(key, value)
  }
}

function withoutZeros(value: Uint8Array): Uint8Array {
  let skip = 0
  while (skip < value.length && value[skip] === 0) skip++
  return skip === value.length ? empty : Uint8Array.from(value.subarray(skip))
}
