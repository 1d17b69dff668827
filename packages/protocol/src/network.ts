import { z } from 'zod'
import { protocolError } from './errors.ts'

/** A CAIP-2 name such as `eip155:31402`. */
export const Network = z
  .string()
  .max(64)
  .regex(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/, 'a network is a CAIP-2 name such as eip155:31402')

export function chainIdToNetwork(chainId: number): `eip155:${number}` {
  return `eip155:${chainId}`
}

/** @throws CodedError `INVALID_NETWORK` for another namespace or a chain id that is not a positive integer. */
export function networkToChainId(network: string): number {
  const digits = /^eip155:([1-9][0-9]{0,15})$/.exec(network)?.[1]
  if (digits === undefined || !Number.isSafeInteger(Number(digits)))
    throw protocolError('INVALID_NETWORK', `Not an EVM network: ${network.slice(0, 64)}`)
  return Number(digits)
}
