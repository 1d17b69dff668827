import type { CallRequest, CallResult, Execution } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'
import { failureText } from './revert.ts'

type AccessList = CallResult['accessed']

const maxRounds = 8

/**
 * The access list of a message (EIP-2930): runs it with the list it touched until the list no
 * longer grows. Left out are addresses that are warm anyway: sender, target, precompiles.
 */
export async function createAccessList(
  execution: Execution,
  request: CallRequest,
  options: Parameters<Execution['call']>[1],
) {
  let list: AccessList = request.accessList ?? []
  let result = await execution.call({ ...request, accessList: list }, options)
  for (let round = 0; round < maxRounds; round++) {
    const next = worthListing(result, request)
    if (isSame(next, list)) break
    list = next
    result = await execution.call({ ...request, accessList: list }, options)
  }
  return {
    accessList: list,
    gasUsed: bigintToHex(result.gasUsed),
    ...(result.failure ? { error: failureText(result) } : {}),
  }
}

function worthListing(result: CallResult, request: CallRequest): AccessList {
  const warm = new Set<Hex | null | undefined>([request.from, request.to, result.createdAddress])
  return result.accessed
    .filter(({ address, storageKeys }) => {
      if (storageKeys.length > 0) return true
      return !warm.has(address) && !isPrecompile(address)
    })
    .map(({ address, storageKeys }) => ({ address, storageKeys: storageKeys.toSorted() }))
    .toSorted((a, b) => (a.address < b.address ? -1 : 1))
}

/** Prague's precompiles are 0x01 to 0x11; the range leaves room for later ones. */
function isPrecompile(address: Hex): boolean {
  const number = BigInt(address)
  return (number > 0n && number <= 0xffn) || number === 0x100n
}

function isSame(a: AccessList, b: AccessList): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
