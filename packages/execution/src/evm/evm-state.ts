import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { toHex } from '../codec/bytes.ts'
import { blankAccount } from '../state/account.ts'
import type { WorldState } from '../state/world-state.ts'

/** A WorldState in the shape that the EVM library works on. The world can be exchanged between runs. */
export class EvmState implements StateManagerInterface {
  world: WorldState

  constructor(world: WorldState) {
    this.world = world
  }

  readonly originalStorageCache = {
    get: async (address: Address, key: Uint8Array): Promise<Uint8Array> =>
      this.world.originalStorage(toHex(address.bytes), toHex(key)),
    clear: (): void => this.world.beginTransaction(),
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const account = this.world.account(toHex(address.bytes))
    if (account === null) return undefined
    return new Account(account.nonce, account.balance, account.storageRoot, account.codeHash)
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    if (account === undefined) return this.world.deleteAccount(toHex(address.bytes))
    const { nonce, balance, storageRoot, codeHash } = account
    this.world.setAccount(toHex(address.bytes), { nonce, balance, storageRoot, codeHash })
  }

  async deleteAccount(address: Address): Promise<void> {
    this.world.deleteAccount(toHex(address.bytes))
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const key = toHex(address.bytes)
    const { nonce, balance, storageRoot, codeHash } = this.world.account(key) ?? blankAccount
    this.world.setAccount(key, {
      nonce: fields.nonce ?? nonce,
      balance: fields.balance ?? balance,
      storageRoot: fields.storageRoot ?? storageRoot,
      codeHash: fields.codeHash ?? codeHash,
    })
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    this.world.setCode(toHex(address.bytes), code)
  }

  async getCode(address: Address): Promise<Uint8Array> {
    return this.world.code(toHex(address.bytes))
  }

  async getCodeSize(address: Address): Promise<number> {
    return this.world.code(toHex(address.bytes)).length
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.world.storage(toHex(address.bytes), toHex(key))
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    this.world.setStorage(toHex(address.bytes), toHex(key), value)
  }

  async clearStorage(address: Address): Promise<void> {
    this.world.clearStorage(toHex(address.bytes))
  }

  async checkpoint(): Promise<void> {
    this.world.checkpoint()
  }

  async commit(): Promise<void> {
    this.world.commit()
  }

  async revert(): Promise<void> {
    this.world.revert()
  }

  async getStateRoot(): Promise<Uint8Array> {
    return this.world.seal().stateRoot
  }

  async setStateRoot(): Promise<void> {
    throw new Error('The world is exchanged instead')
  }

  async hasStateRoot(): Promise<boolean> {
    return false
  }

  clearCaches(): void {}

  shallowCopy(): EvmState {
    return new EvmState(this.world)
  }
}
