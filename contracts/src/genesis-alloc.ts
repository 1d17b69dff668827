import { encodeAbiParameters, keccak256, pad, toHex } from 'viem'
import type { Hex } from './addresses.ts'
import { creditSlots } from './generated/credit-slots.ts'
import { predeploys } from './generated/predeploys.ts'

/** One account of a genesis block, in the shape of geth's `alloc`: quantities as hex. */
export interface GenesisAccount {
  balance: Hex
  nonce: Hex
  code?: Hex
  /** 32-byte slots and values. */
  storage?: Record<Hex, Hex>
}

export interface GenesisOptions {
  /** Who may mint Credit. */
  creditOwner: Hex
  /** Credit held at genesis, in atomic units (6 decimals). */
  credits?: readonly { address: Hex; amount: bigint }[]
  /** Native coins held at genesis, in wei. */
  balances?: readonly { address: Hex; wei: bigint }[]
}

/**
 * The accounts of a genesis block: every contract of ours with code and storage as its constructor
 * leaves them (valid for any chain id), the Credit's owner and holders, and native balances. Keys
 * are lower-case addresses. Ethereum's system contracts are the chain's own matter.
 */
export function genesisAlloc(options: GenesisOptions): Record<Hex, GenesisAccount> {
  const alloc: Record<Hex, GenesisAccount> = {}
  for (const { address, code, storage } of Object.values(predeploys))
    alloc[address] = { balance: '0x0', nonce: '0x1', code, storage: { ...storage } }
  Object.assign(alloc[predeploys.credit.address]?.storage ?? {}, creditStorage(options))
  for (const { address, wei } of options.balances ?? []) {
    const key = lowerCase(address)
    const account = alloc[key] ?? { balance: '0x0', nonce: '0x0' }
    alloc[key] = { ...account, balance: toHex(BigInt(account.balance) + wei) }
  }
  return alloc
}

function creditStorage({ creditOwner, credits = [] }: GenesisOptions): Record<Hex, Hex> {
  const storage: Record<Hex, Hex> = { [word(creditSlots.owner)]: pad(lowerCase(creditOwner)) }
  const held = new Map<Hex, bigint>()
  let supply = 0n
  for (const { address, amount } of credits) {
    const slot = balanceSlot(address)
    held.set(slot, (held.get(slot) ?? 0n) + amount)
    supply += amount
  }
  for (const [slot, amount] of held) if (amount > 0n) storage[slot] = word(amount)
  if (supply > 0n) storage[word(creditSlots.totalSupply)] = word(supply)
  return storage
}

/** Solidity's place for `mapping(address => uint256)` entries: keccak256(abi.encode(key, slot)). */
function balanceSlot(address: Hex): Hex {
  const types = [{ type: 'address' }, { type: 'uint256' }] as const
  return keccak256(encodeAbiParameters(types, [lowerCase(address), creditSlots.balances]))
}

function word(value: bigint): Hex {
  return toHex(value, { size: 32 })
}

function lowerCase(address: Hex): Hex {
  return `0x${address.slice(2).toLowerCase()}`
}
