import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256, privateKeyToAddress, signHash } from '@quoin/keys'
import { encodeFunctionData, erc20Abi, serializeTransaction } from 'viem'

/** Accounts whose keys are derived from a seed: the same in every run. */
export function createAccounts(count: number, seed: string): { key: Uint8Array; address: Hex }[] {
  return Array.from({ length: count }, (_, index) => {
    const key = keccak256(Buffer.from(`${seed} ${index}`))
    return { key, address: privateKeyToAddress(key) }
  })
}

export interface Workload {
  kind: 'transfer' | 'erc20'
  chainId: number
  token: Hex
  senders: readonly { key: Uint8Array; address: Hex }[]
  recipients: readonly Hex[]
  /** Of each sender. */
  count: number
  firstNonce: number
}

/** Signed transactions, round robin over the senders. */
export function signWorkload(workload: Workload): Uint8Array[] {
  const { senders, recipients, count, firstNonce } = workload
  const signed: Uint8Array[] = []
  for (let round = 0; round < count; round++)
    for (const { key } of senders) {
      const to = recipients[signed.length % recipients.length]
      if (to === undefined) throw new Error('A workload has recipients')
      signed.push(signOne(workload, { key, to, nonce: firstNonce + round }))
    }
  return signed
}

function signOne(
  { kind, chainId, token }: Workload,
  { key, to, nonce }: { key: Uint8Array; to: Hex; nonce: number },
): Uint8Array {
  const fees = { maxFeePerGas: 10_000_000_000n, maxPriorityFeePerGas: 1_000_000n }
  const transaction = {
    type: 'eip1559' as const,
    chainId,
    nonce,
    ...fees,
    ...(kind === 'transfer'
      ? { to, value: 1n, gas: 21_000n }
      : {
          to: token,
          gas: 100_000n,
          data: encodeFunctionData({
            abi: erc20Abi,
            functionName: 'transfer',
            args: [to, 1n],
          }),
        }),
  }
  const { r, s, yParity } = signHash(keccak256(hexToBytes(serializeTransaction(transaction))), key)
  return hexToBytes(
    serializeTransaction(transaction, { r: bytesToHex(r), s: bytesToHex(s), yParity }),
  )
}
