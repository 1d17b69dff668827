import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createPublicClient, http, parseEther, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createGenesis, validatorOf } from '../index.ts'
import { filler, fillerAddress, fillState, slotsPerCall } from '../test-support/filler.ts'
import { TestNetwork } from '../test-support/test-network.ts'

const keys = [1, 2].map((fill) => new Uint8Array(32).fill(fill))
const user = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const rich = { balance: `0x${parseEther('1000').toString(16)}` }
const kills = 20
const calls = 16
const epochBlocks = 16
const genesis = createGenesis({
  chainId: 31_418,
  timestamp: Math.floor(Date.now() / 1000) - 60,
  alloc: {
    [user.address]: rich,
    [fillerAddress]: filler,
    ...Object.fromEntries(keys.map((key) => [validatorOf(key).address, rich])),
  },
  policy: 'stake',
  validators: keys.map((key) => validatorOf(key, 1000n)),
  epochBlocks,
  blockTimeMs: 100,
  heartbeatMs: 200,
})

it('a sync from a snapshot comes to its end however often it is killed', {
  timeout: 400_000,
}, async () => {
  await using network = await TestNetwork.open(genesis, keys)
  const [first] = network.nodes
  assert.ok(first?.engine === 'bft')
  await fillState(network, user, calls)
  const target = first.blocks.height + epochBlocks
  await network.until('an epoch more', () => first.blocks.height > target)
  const folder = await mkdtemp(join(tmpdir(), 'quoin-snapshot-kill-'))
  try {
    const genesisPath = join(folder, 'genesis.json')
    await writeFile(genesisPath, JSON.stringify(genesis))
    const args = [genesisPath, ...(first.network?.addresses ?? [])]
    await killAgainAndAgain(join(folder, 'node'), args)
    const joining = new Joining(join(folder, 'node'), args)
    const words = await joining.until((word) => word === 'ready')
    assert.ok(words, joining.errors)
    await sameState(network, words[1] ?? '', BigInt(words[2] ?? 0))
    await joining.kill()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** At random moments of the sync; a node that was too fast to be killed begins anew. */
async function killAgainAndAgain(folder: string, args: string[]): Promise<void> {
  let killed = 0
  let longest = 30
  const moments = new Set<string>()
  while (killed < kills) {
    const joining = new Joining(folder, args)
    let lines = 0
    const last = Math.floor(Math.random() * longest)
    const stopped = await joining.until((word) => word === 'ready' || lines++ === last)
    assert.ok(stopped, `The node ended by itself: ${joining.errors}`)
    const [word = ''] = stopped
    if (word !== 'ready') await delay(Math.random() * 30)
    await joining.kill()
    if (word === 'ready') {
      longest = Math.max(3, lines)
      await rm(folder, { recursive: true, force: true })
    } else {
      killed += 1
      moments.add(word)
    }
  }
  assert.ok(moments.has('state'), [...moments].join())
}

async function sameState(network: TestNetwork, rpcUrl: string, height: bigint): Promise<void> {
  const [first] = network.nodes
  assert.ok(first && height > 0n)
  const late = createPublicClient({ transport: http(rpcUrl) })
  const { reader } = network.clients(first, user)
  for (const blockNumber of [height, height + 3n]) {
    await network.until(`block ${blockNumber}`, async () => {
      const heights = await Promise.all([late, reader].map((each) => each.getBlockNumber()))
      return heights.every((each) => each >= blockNumber)
    })
    const [ours, theirs] = await Promise.all(
      [late, reader].map((each) => each.getBlock({ blockNumber })),
    )
    assert.equal(ours?.stateRoot, theirs?.stateRoot)
    assert.equal(ours?.hash, theirs?.hash)
  }
  assert.equal(await late.getTransactionCount({ address: user.address }), calls)
  for (let slot = 1; slot <= calls * slotsPerCall; slot += 61) {
    const value = await late.getStorageAt({ address: fillerAddress, slot: toHex(slot) })
    assert.equal(Number(value), slot)
  }
}

class Joining {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  errors = ''

  constructor(folder: string, args: string[]) {
    const script = new URL('../test-support/joining-main.ts', import.meta.url).pathname
    this.#child = spawn(process.execPath, [script, folder, ...args], { stdio: 'pipe' })
    const { stdout, stderr } = this.#child
    assert.ok(stdout && stderr)
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    stderr.on('data', (text) => {
      this.errors = (this.errors + text).slice(-4_000)
    })
  }

  /** The words of the first line that is wanted, null when the process ends before. */
  async until(isWanted: (word: string) => boolean): Promise<string[] | null> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) return null
      const words = value.split(' ')
      if (isWanted(words[0] ?? '')) return words
    }
  }

  /** kill -9 */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}
