import { hexToBytes } from '@quoin/kernel'
import { privateKeyToAccount } from 'viem/accounts'

/** What all processes of this bench share. Keys are for this bench's own chain only. */
export const chainId = 31402
export const network = `eip155:${chainId}` as const
export const modelId = 'use-lite-fast'
export const priceAtomic = 100n
export const body = JSON.stringify({
  model: modelId,
  input: 'a sentence of ordinary length, as it may be embedded for a search',
  encoding_format: 'base64',
})

const key = (digit: string) => `0x${digit.repeat(64)}` as const
export const validatorKey = hexToBytes(key('1'))
export const providerKey = hexToBytes(key('2'))
export const provider = privateKeyToAccount(key('2'))
export const stockFacilitator = privateKeyToAccount(key('3'))
export const stockReceiver = privateKeyToAccount(key('4'))
export const payers = ['5', '6', '7'].map((digit) => privateKeyToAccount(key(digit)))

/** Escrow enough for every call of the bench, so that no deposit falls into a measurement. */
export const depositAtomic = 10_000_000n
