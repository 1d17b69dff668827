/**
 * One journey through a network of four node processes, the same for every consensus and every policy: the
 * network comes up, the paid-call demo runs on it unchanged, a receipt is checked through another node than
 * the one that sold, coins move, a node is killed and comes back, all agree, the network goes down.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { quoin } from '../../apps/cli/src/test-support/run-quoin.ts'

export interface Case {
  name: string
  /** Flags of `net up`. */
  shape: readonly string[]
  /** Whether its blocks carry certificates; else whoever verifies must believe a node. */
  isCertified: boolean
}

const bft = (policy: string): Case => ({
  name: `bft, ${policy}`,
  shape: ['--consensus', 'bft', '--policy', policy],
  isCertified: true,
})

export const cases = {
  authority: bft('authority'),
  stake: bft('stake'),
  delegated: bft('delegated'),
  fixed: bft('fixed'),
  pow: {
    name: 'proof of work',
    shape: ['--consensus', 'pow', '--target-seconds', '1'],
    isCertified: false,
  },
} as const satisfies Record<string, Case>

interface NodeReport {
  id: number
  state: string
  pid: number | null
  rpc: string
  gateway: string | null
}

/** What one step of a journey took. */
export interface StepTime {
  step: string
  seconds: number
}

interface Journey {
  dir: string
  nodes: NodeReport[]
  isCertified: boolean
}

/** Runs the journey; every command must print one JSON document and nothing else. */
export async function runJourney({ shape, isCertified }: Case): Promise<StepTime[]> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-journey-'))
  const dir = join(folder, 'net')
  const times: StepTime[] = []
  const step = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now()
    const result = await run()
    times.push({ step: name, seconds: (performance.now() - startedAt) / 1000 })
    return result
  }
  try {
    const nodes = await step('net up', () => bringUp(dir, shape))
    const journey = { dir, nodes, isCertified }
    const receipt = await step('demo', () => runDemo(journey))
    await step('verify', () => verifyElsewhere(journey, { folder, receipt }))
    await step('transfer', () => transfer(journey))
    await step('kill and back', () => killAndBack(journey))
    await step('net down', () => takeDown(dir))
    return times
  } finally {
    await quoin(['net', 'down', '--json', '--dir', dir])
    await rm(folder, { recursive: true, force: true })
  }
}

/** The document of a command that must succeed. */
async function run(...args: string[]) {
  const { code, stdout, stderr } = await quoin([...args, '--json'])
  assert.equal(code, 0, `quoin ${args.join(' ')}: ${stderr}`)
  return JSON.parse(stdout)
}

/** The error of a command that must fail, with its exit code. */
async function refusal(...args: string[]): Promise<{ exit: number | null; code: string }> {
  const { code, stdout } = await quoin([...args, '--json'])
  return { exit: code, code: JSON.parse(stdout).error?.code }
}

async function bringUp(dir: string, shape: readonly string[]): Promise<NodeReport[]> {
  await run('net', 'up', '--validators', '4', '--detach', '--dir', dir, ...shape)
  const { nodes } = await run('net', 'status', '--dir', dir)
  assert.deepEqual(
    nodes.map(({ id, state }: NodeReport) => [id, state]),
    [1, 2, 3, 4].map((id) => [id, 'running']),
  )
  return nodes
}

const providerOf = ({ dir }: Journey) => join(dir, 'node-1')

/** Every step of the demo, each transaction in a block, and everything it asserts; one of its receipts. */
async function runDemo(journey: Journey): Promise<{ receipt: { amount: string } }> {
  const demo = await run('demo', '--data-dir', providerOf(journey))
  assert.equal(demo.ok, true)
  assert.equal(demo.node.startedHere, false)
  assert.deepEqual(
    demo.steps.map(({ name }: { name: string }) => name),
    ['deploy', 'freeze', 'authorize', 'exchange', 'settle'],
  )
  for (const { name, transactions } of demo.steps) assert.ok(transactions.length > 0, name)
  for (const { statement, holds } of demo.assertions) assert.ok(holds, statement)
  assert.equal(demo.verification.trust.kind, journey.isCertified ? 'proof' : 'node')
  for (const { refused } of demo.verification.forged) assert.ok(refused)
  const { calls } = demo.steps[3].detail
  assert.equal(calls.length, 3)
  return calls[0].receipt
}

/** Somebody else's command line, with the genesis and the address of a node that sells nothing. */
async function verifyElsewhere(
  { dir, nodes, isCertified }: Journey,
  { folder, receipt }: { folder: string; receipt: { receipt: { amount: string } } },
): Promise<void> {
  const [honest, forged] = [join(folder, 'receipt.json'), join(folder, 'forged.json')]
  const amount = `${BigInt(receipt.receipt.amount) + 1n}`
  await writeFile(honest, JSON.stringify(receipt))
  await writeFile(forged, JSON.stringify({ ...receipt, receipt: { ...receipt.receipt, amount } }))
  const where = ['--gateway-url', nodes[0]?.gateway ?? '', '--rpc-url', nodes[2]?.rpc ?? '']
  const genesis = ['--genesis', join(dir, 'genesis.json'), '--data-dir', join(folder, 'elsewhere')]
  const verify = (file: string) => ['receipt', 'verify', file, ...where, ...genesis]
  const trust = isCertified ? [] : ['--trust-node']
  const { valid, trust: found, checks } = await run(...verify(honest), ...trust)
  assert.equal(valid, true)
  assert.equal(found.kind, isCertified ? 'proof' : 'node')
  const anchor = checks.find(({ check }: { check: string }) => check === 'anchor')
  assert.equal(anchor.outcome, 'passed')
  const refused = await refusal(...verify(forged), ...trust)
  assert.deepEqual(refused.exit, 5)
  if (isCertified) return
  const unproven = await refusal(...verify(honest))
  assert.deepEqual([unproven.exit, unproven.code], [2, 'NOT_VERIFIABLE'])
}

/** Coins and Credits go through one node, and every node has them, by the same transaction in the same block. */
async function transfer(journey: Journey): Promise<void> {
  const to = `0x${'7a'.repeat(20)}`
  const { nodes } = journey
  const [, second] = nodes
  const before = await balanceOn(second, to)
  const send = ['account', 'send', to, '5', '--coins', '1.5', '--rpc-url', second?.rpc ?? '']
  const { transactions } = await run(...send, '--data-dir', join(journey.dir, 'payer'))
  assert.equal(transactions.length, 2)
  const expected = before + 1_500_000_000_000_000_000n
  for (const node of nodes)
    await until(
      `the coins on node ${node.id}`,
      async () => (await balanceOn(node, to)) === expected,
    )
  for (const { hash } of transactions)
    await until('one block for the transfer', async () => {
      const receipts = await Promise.all(
        nodes.map((node) => ask(node, 'eth_getTransactionReceipt', [hash])),
      )
      return new Set(receipts.map((receipt) => receipt?.blockHash ?? null)).size === 1
    })
}

/** The fourth node dies as in a power cut; the others go on, and it catches up. */
async function killAndBack(journey: Journey): Promise<void> {
  const { dir } = journey
  await run('net', 'kill', '4', '--dir', dir)
  const height = await heightOf(journey.nodes[0])
  await until('blocks without node 4', async () => (await heightOf(journey.nodes[0])) > height)
  await transfer({ ...journey, nodes: journey.nodes.slice(0, 3) })
  const { nodes } = await run('net', 'start', '4', '--dir', dir)
  const goal = await heightOf(nodes[0])
  await until('node 4 to catch up', async () => (await heightOf(nodes[3])) >= goal)
  await assertAgreement(nodes)
}

/** Up to what none of them can take back: with certificates, everything. */
async function assertAgreement(nodes: readonly NodeReport[]): Promise<void> {
  const safe = await Promise.all(
    nodes.map(async (node) => Number((await blockAt(node, 'safe'))?.number ?? 0)),
  )
  for (let height = 0; height <= Math.min(...safe); height++) {
    const blocks = await Promise.all(nodes.map((node) => blockAt(node, `0x${height.toString(16)}`)))
    assert.ok(blocks[0]?.stateRoot)
    assert.equal(new Set(blocks.map((block) => block?.hash)).size, 1, `block ${height}`)
  }
}

async function takeDown(dir: string): Promise<void> {
  const { stopped } = await run('net', 'down', '--dir', dir)
  assert.deepEqual(stopped, [1, 2, 3, 4])
  const { nodes } = await run('net', 'status', '--dir', dir)
  for (const { state, pid } of nodes) assert.deepEqual([state, pid], ['stopped', null])
}

async function ask(node: NodeReport | undefined, method: string, params: unknown[] = []) {
  const response = await fetch(node?.rpc ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return JSON.parse(await response.text()).result
}

async function heightOf(node: NodeReport | undefined): Promise<number> {
  return Number(await ask(node, 'eth_blockNumber'))
}

async function balanceOn(node: NodeReport | undefined, address: string): Promise<bigint> {
  return BigInt(await ask(node, 'eth_getBalance', [address, 'latest']))
}

function blockAt(node: NodeReport, tag: string) {
  return ask(node, 'eth_getBlockByNumber', [tag, false])
}

/** Looks again until it is so; the limit is far beyond what it takes. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 90_000
  while (!(await isSo())) {
    assert.ok(performance.now() < limit, `Waited in vain for ${what}`)
    await delay(100)
  }
}
