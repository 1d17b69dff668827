import type { Hex } from '@quoin/kernel'
import { toBigint, toHex } from '../codec/bytes.ts'
import { asBytes, decodeRlp } from '../codec/rlp.ts'
import type { AccountProof, StateReader } from '../interface.ts'
import { blankAccount, decodeAccount } from '../state/account.ts'
import { hashOfKey } from '../state/key-hashes.ts'
import type { NodeStore } from '../state/node-store.ts'
import { WorldState } from '../state/world-state.ts'

/** The state with this root, as it is read from outside. */
export function createStateReader(nodes: NodeStore, stateRoot: Uint8Array): StateReader {
  const world = new WorldState(nodes, stateRoot)
  return {
    async account(address) {
      const account = world.account(address)
      if (account === null) return null
      const { nonce, balance, codeHash } = account
      return { nonce, balance, codeHash: toHex(codeHash) }
    },
    async code(address) {
      return toHex(world.code(address))
    },
    async storage(address, slot) {
      return toBigint(world.storage(address, slot))
    },
    async proof(address, slots) {
      return proofOf(nodes, stateRoot, address, slots)
    },
  }
}

/** EIP-1186. */
function proofOf(
  nodes: NodeStore,
  stateRoot: Uint8Array,
  address: Hex,
  slots: readonly Hex[],
): AccountProof {
  const trie = nodes.trie(stateRoot)
  const key = hashOfKey(address)
  const encoded = trie.get(key)
  const account = encoded === null ? blankAccount : decodeAccount(encoded)
  const storage = nodes.trie(account.storageRoot)
  return {
    balance: account.balance,
    nonce: account.nonce,
    codeHash: toHex(account.codeHash),
    storageHash: toHex(account.storageRoot),
    accountProof: trie.prove(key).map(toHex),
    storageProof: slots.map((slot) => {
      const slotKey = hashOfKey(slot)
      const value = storage.get(slotKey)
      return {
        key: slot,
        value: value === null ? 0n : toBigint(asBytes(decodeRlp(value))),
        proof: storage.prove(slotKey).map(toHex),
      }
    }),
  }
}
