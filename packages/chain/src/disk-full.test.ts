import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex } from '@quoin/kernel'
import { call } from '../scripts/kill-test/rpc.ts'
import { chainId, senders, sinks } from '../scripts/kill-test/test-genesis.ts'

/** A disk of 12 MiB of its own, seen by this shell only; the second life finds it grown. */
const twoLives = `
  mount -t tmpfs -o size=12m none "$FOLDER"
  "$NODE" "$SCRIPT" "$FOLDER" 20
  mount -o remount,size=200m "$FOLDER"
  exec "$NODE" "$SCRIPT" "$FOLDER" 20
`
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

it('stops making blocks when the disk is full, goes on serving, and loses nothing', {
  skip: mayMount ? false : 'needs the right to mount a small disk',
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-full-'))
  const script = join(import.meta.dirname, '../scripts/kill-test/chain-process.ts')
  const shell = spawn('unshare', ['-m', 'sh', '-c', twoLives], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FOLDER: folder, NODE: process.execPath, SCRIPT: script },
  })
  let complaints = ''
  shell.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]()
  const life = async (): Promise<{ rpcUrl: string; pid: number }> =>
    JSON.parse((await lines.next()).value ?? '{}')

  const first = await life()
  const receipts = await fillUp(first.rpcUrl, () => complaints.includes('DISK_FULL'))
  assert.ok(receipts.size > 10)
  assert.match(complaints, /No space left/)
  const head = BigInt(await call<Hex>(first.rpcUrl, 'eth_blockNumber'))
  process.kill(first.pid, 'SIGTERM')

  const second = await life()
  assert.ok(BigInt(await call<Hex>(second.rpcUrl, 'eth_blockNumber')) >= head)
  for (const [hash, blockHash] of receipts) {
    const receipt = await call<{ blockHash: Hex } | null>(
      second.rpcUrl,
      'eth_getTransactionReceipt',
      [hash],
    )
    assert.equal(receipt?.blockHash, blockHash)
  }
  process.kill(second.pid, 'SIGTERM')
  const [code] = await once(shell, 'close')
  assert.equal(code, 0)
  await rm(folder, { recursive: true })
})

/** Sends large transactions until the node has complained; the receipts that were seen. */
async function fillUp(url: string, isFull: () => boolean): Promise<Map<Hex, Hex>> {
  const [sender] = senders
  const [to] = sinks
  if (!sender || !to) throw new Error('The test genesis has accounts')
  const receipts = new Map<Hex, Hex>()
  for (let nonce = 0; !isFull(); nonce++) {
    const raw = await sender.signTransaction({
      type: 'eip1559',
      chainId,
      nonce,
      to,
      gas: 6_000_000n,
      maxFeePerGas: 10_000_000_000n,
      data: `0x${randomBytes(100_000).toString('hex')}`,
    })
    const hash = await call<Hex>(url, 'eth_sendRawTransaction', [raw])
    while (!receipts.has(hash) && !isFull()) {
      const receipt = await call<{ blockHash: Hex } | null>(url, 'eth_getTransactionReceipt', [
        hash,
      ])
      if (receipt) receipts.set(hash, receipt.blockHash)
      else await sleep(5)
    }
  }
  return receipts
}
