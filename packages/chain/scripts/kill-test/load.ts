import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex } from '@quoin/kernel'
import { keccak256 } from 'viem'
import { call } from './rpc.ts'
import { chainId, counter, senders, sinks } from './test-genesis.ts'

/** A transaction whose receipt was seen: from now on it must never be gone. */
export interface Acknowledged {
  hash: Hex
  blockHash: Hex
  blockNumber: bigint
}

interface Receipt {
  blockHash: Hex
  blockNumber: Hex
  status: Hex
}

/**
 * Sends without pause from every account, transfers and contract calls, and waits for each receipt,
 * until the signal. Ends quietly when the node dies.
 */
export async function sendWithoutPause(
  url: string,
  onReceipt: (acknowledged: Acknowledged) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(senders.map((_, index) => sendFrom(index, { url, onReceipt, signal })))
}

async function sendFrom(
  index: number,
  {
    url,
    onReceipt,
    signal,
  }: { url: string; onReceipt: (acknowledged: Acknowledged) => void; signal: AbortSignal },
): Promise<void> {
  const sender = senders[index]
  const sink = sinks[index]
  if (!sender || !sink) throw new RangeError(`No sender ${index}`)
  try {
    const start = await call<Hex>(url, 'eth_getTransactionCount', [sender.address, 'latest'])
    for (let nonce = Number(start); !signal.aborted; nonce++) {
      const isCall = nonce % 3 === 2
      const raw = await sender.signTransaction({
        type: 'eip1559',
        chainId,
        nonce,
        to: isCall ? counter : sink,
        value: isCall ? 0n : 1_000_000_000n + BigInt(nonce),
        gas: isCall ? 60_000n : 21_000n,
        maxFeePerGas: 3_000_000_000n,
        maxPriorityFeePerGas: 1_000_000n,
      })
      const hash = await send(url, raw)
      const receipt = await waitForReceipt(url, hash, signal)
      if (!receipt) return
      if (receipt.status !== '0x1') throw new FailedTransaction(hash)
      onReceipt({ hash, blockHash: receipt.blockHash, blockNumber: BigInt(receipt.blockNumber) })
    }
  } catch (error) {
    if (error instanceof FailedTransaction || !signal.aborted) throw error
  }
}

/** After a restart the pool may still hold, or the chain have taken, what an earlier life was sent. */
async function send(url: string, raw: Hex): Promise<Hex> {
  try {
    return await call<Hex>(url, 'eth_sendRawTransaction', [raw])
  } catch (error) {
    if (error instanceof Error && /already known|nonce too low/.test(error.message))
      return keccak256(raw)
    throw error
  }
}

class FailedTransaction extends Error {
  constructor(hash: Hex) {
    super(`Transaction ${hash} failed: it was to succeed`)
  }
}

async function waitForReceipt(
  url: string,
  hash: Hex,
  signal: AbortSignal,
): Promise<Receipt | null> {
  while (!signal.aborted) {
    const receipt = await call<Receipt | null>(url, 'eth_getTransactionReceipt', [hash])
    if (receipt) return receipt
    await sleep(5)
  }
  return null
}
