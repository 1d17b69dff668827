import { CodedError, type Hex } from '@quoin/kernel'
import { fromHex } from '../codec/bytes.ts'
import type { CallOptions, StateOverride } from '../interface.ts'
import { blankAccount } from '../state/account.ts'
import type { WorldState } from '../state/world-state.ts'

/** Changes the state that a call sees. @throws CodedError INVALID_OVERRIDE */
export function overrideState(
  world: WorldState,
  overrides: NonNullable<CallOptions['stateOverrides']>,
): void {
  for (const [address, override] of Object.entries(overrides))
    overrideAccount(world, address.toLowerCase() as Hex, override)
}

function overrideAccount(world: WorldState, address: Hex, override: StateOverride): void {
  const { balance, nonce, code, state, stateDiff } = override
  if (state !== undefined && stateDiff !== undefined)
    throw new CodedError('INVALID_OVERRIDE', `account ${address} has both 'state' and 'stateDiff'`)
  if (code !== undefined) world.setCode(address, fromHex(code))
  if (balance !== undefined || nonce !== undefined) {
    const account = world.account(address) ?? blankAccount
    world.setAccount(address, {
      ...account,
      balance: balance ?? account.balance,
      nonce: nonce ?? account.nonce,
    })
  }
  if (state !== undefined) world.clearStorage(address)
  for (const [slot, value] of Object.entries(state ?? stateDiff ?? {}))
    world.setStorage(address, slot.toLowerCase() as Hex, fromHex(value))
  world.beginTransaction()
}
