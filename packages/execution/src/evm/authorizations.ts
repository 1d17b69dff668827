import { fromHex, zeroAddress } from '../codec/bytes.ts'
import { recoverAuthority } from '../codec/transaction.ts'
import type { Transaction } from '../interface.ts'
import { blankAccount, hasCode } from '../state/account.ts'
import type { Machine } from './machine.ts'

const perEmptyAccount = 25000n
const perAuthorization = 12500n
const maxNonce = (1n << 64n) - 1n

/** Delegates accounts to code as they signed (EIP-7702); returns the gas to refund. Invalid ones are skipped. */
export function applyAuthorizations(
  machine: Machine,
  list: NonNullable<Transaction['authorizationList']>,
): bigint {
  let refund = 0n
  for (const authorization of list)
    if (applyOne(machine, authorization)) refund += perEmptyAccount - perAuthorization
  return refund
}

/** Whether the account existed, so that the price of a new one is given back. */
function applyOne(
  { world, evm, common }: Machine,
  authorization: NonNullable<Transaction['authorizationList']>[number],
): boolean {
  const { chainId, nonce, address } = authorization
  if (chainId !== 0n && chainId !== common.chainId()) return false
  if (nonce >= maxNonce) return false
  const authority = recoverAuthority(authorization)
  if (authority === null) return false
  evm.journal.addAlwaysWarmAddress(authority)
  const account = world.account(authority)
  if (account !== null && hasCode(account)) {
    if (!isDelegation(world.code(authority))) return false
  }
  if ((account?.nonce ?? 0n) !== nonce) return false
  world.setAccount(authority, { ...(account ?? blankAccount), nonce: nonce + 1n })
  const code =
    address === zeroAddress
      ? new Uint8Array(0)
      : Buffer.concat([Uint8Array.of(0xef, 0x01, 0x00), fromHex(address)])
  world.setCode(authority, code)
  return account !== null
}

/** Code that is only a pointer to another account's code. */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
}
