import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex } from '@quoin/kernel'
import { type Acknowledged, sendWithoutPause } from './load.ts'
import { call } from './rpc.ts'
import { verifyAcknowledged, verifyChain } from './verify.ts'

export interface KillTestOptions {
  folder: string
  times: number
  /** Uniform in [0, 1). */
  random: () => number
  blockTimeMs?: number
  onKill?: (progress: {
    kill: number
    duringStart: boolean
    height: number
    acknowledged: number
  }) => void
}

export interface KillTestResult {
  kills: number
  killsDuringStart: number
  acknowledged: number
  transactions: number
  height: number
  /** From the process' start until its RPC answers, in milliseconds. */
  startMs: { median: number; worst: number }
  /** Blocks that a fresh execution folder executed again, with the same state roots. */
  reexecuted: number
}

/** No start may take longer, not even on a busy machine. */
const startLimitMs = 60_000

/**
 * Kills a chain node (SIGKILL) at random moments, some while it starts, under load without pause, and
 * checks after each restart that nothing acknowledged or finalized is gone; at the end checks the
 * whole chain, and once more after executing it anew from the consensus store alone.
 */
export async function runKillTest(options: KillTestOptions): Promise<KillTestResult> {
  const { folder, times, random, blockTimeMs = 50, onKill } = options
  const acknowledged: Acknowledged[] = []
  const starts: number[] = []
  let killsDuringStart = 0
  let finalized = 0n
  let verified = 0

  for (let kill = 1; kill <= times; kill++) {
    const node = spawnNode(folder, blockTimeMs)
    const duringStart = random() < 0.25
    if (duringStart) {
      const typical = starts.at(-1) ?? 1000
      await Promise.race([sleep(random() * typical), node.exited])
      killsDuringStart += 1
    } else {
      const startedAt = performance.now()
      const url = await node.ready
      starts.push(performance.now() - startedAt)
      await checkHeight(url, finalized)
      await verifyAcknowledged(url, acknowledged.slice(verified))
      verified = acknowledged.length
      const stop = new AbortController()
      const load = sendWithoutPause(url, (seen) => acknowledged.push(seen), stop.signal)
      const watch = watchFinalized(url, stop.signal, (height) => {
        finalized = height > finalized ? height : finalized
      })
      try {
        await Promise.race([sleep(30 + random() * 1500), load, watch])
      } finally {
        stop.abort()
        node.kill()
      }
      await Promise.all([load, watch])
    }
    node.kill()
    await node.exited
    onKill?.({ kill, duringStart, height: Number(finalized), acknowledged: acknowledged.length })
  }

  const { height, transactions } = await finish({ folder, blockTimeMs, finalized, acknowledged })
  await rm(join(folder, 'execution'), { recursive: true })
  const again = await finish({ folder, blockTimeMs, finalized, acknowledged })
  assert.ok(again.height >= height)
  const sorted = starts.sort((a, b) => a - b)
  return {
    kills: times,
    killsDuringStart,
    acknowledged: acknowledged.length,
    transactions,
    height,
    startMs: {
      median: Math.round(sorted[sorted.length >> 1] ?? 0),
      worst: Math.round(sorted.at(-1) ?? 0),
    },
    reexecuted: height,
  }
}

async function finish({
  folder,
  blockTimeMs,
  finalized,
  acknowledged,
}: {
  folder: string
  blockTimeMs: number
  finalized: bigint
  acknowledged: Acknowledged[]
}) {
  const node = spawnNode(folder, blockTimeMs)
  const url = await node.ready
  await checkHeight(url, finalized)
  const result = await verifyChain(url, acknowledged)
  node.stop()
  assert.equal(await node.exited, 0, 'a clean stop')
  return result
}

async function checkHeight(url: string, finalized: bigint): Promise<void> {
  const height = BigInt(await call<Hex>(url, 'eth_blockNumber'))
  assert.ok(height >= finalized, `height ${height} is not below ${finalized}, which was final`)
}

async function watchFinalized(
  url: string,
  signal: AbortSignal,
  onHeight: (height: bigint) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const block = await call<{ number: Hex } | null>(url, 'eth_getBlockByNumber', [
        'finalized',
        false,
      ])
      if (block) onHeight(BigInt(block.number))
      await sleep(20)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

function spawnNode(folder: string, blockTimeMs: number) {
  const script = join(import.meta.dirname, 'chain-process.ts')
  const child: ChildProcess = spawn(process.execPath, [script, folder, String(blockTimeMs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr?.on('data', (chunk) => {
    complaints += chunk
  })
  const exited = once(child, 'close').then(([code]: (number | null)[]) => code)
  const ready = new Promise<string>((resolve, reject) => {
    if (!child.stdout) throw new Error('The node has no output')
    const timer = setTimeout(
      () => reject(new Error(`Not ready in time: ${complaints}`)),
      startLimitMs,
    )
    createInterface(child.stdout).once('line', (line) => {
      clearTimeout(timer)
      resolve(JSON.parse(line).rpcUrl)
    })
    exited.then((code) => {
      clearTimeout(timer)
      reject(new Error(`The node ended with ${code} before it was ready: ${complaints}`))
    }, reject)
  })
  ready.catch(() => {})
  return { ready, exited, kill: () => child.kill('SIGKILL'), stop: () => child.kill('SIGTERM') }
}
