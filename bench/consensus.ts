/**
 * What agreement costs: finality of single transfers, and transfers per second, with 1, 4 and 7
 * validators, each a process of its own on this machine; the CPU of 16 that have nothing to do; the
 * pause when one of four is killed. They share the machine's cores, so the ratios say more than the
 * figures. Run: npm run bench:consensus -- [--json] [--count N] [--sizes 1,4,7]
 */
import { setTimeout as delay } from 'node:timers/promises'
import { bytesToHex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { type NodeProcess, startNetwork } from './workload/network.ts'
import { callRpc, sendAll, untilMined } from './workload/rpc-load.ts'
import { createAccounts, signWorkload } from './workload/signed-transactions.ts'

const chainId = 31402
const samples = 60
const idleSize = 16
const senders = createAccounts(50, 'sender')
const recipients = createAccounts(500, 'recipient').map(({ address }) => address)
const rich = senders.map(({ address }) => address)
const option = (name: string, otherwise: string) => {
  const index = process.argv.indexOf(name)
  return index === -1 ? otherwise : (process.argv[index + 1] ?? otherwise)
}
const count = Number(option('--count', '3000'))
const sizes = option('--sizes', '1,4,7').split(',').map(Number)

interface Figures {
  validators: number
  finalityMedianMs: number
  finalityP99Ms: number
  /** One way, half of the median round trip between nodes. */
  messageDelayMs: number
  transfersPerSecond: number
  /** Of one validator while transfers came singly, as a share of one core. */
  lightCpu: number
  /** Of all validators together for a transfer under load. */
  cpuMsPerTransfer: number
}

async function measure(size: number): Promise<Figures> {
  const setup = { size, chainId, blockTimeMs: 100, heartbeatMs: 15_000, rich }
  await using network = await startNetwork(setup)
  const { nodes } = network
  const [first, ...others] = nodes
  if (!first) throw new RangeError('A network has nodes')
  const cpuBefore = totalCpuMs(nodes)
  const startMs = performance.now()
  const finality = await finalityOf(nodes)
  const lightMs = performance.now() - startMs
  const lightCpu = (totalCpuMs(nodes) - cpuBefore) / lightMs / size
  const { latenciesMs } = await first.ask()
  const load = await throughputOf([first, ...others])
  return {
    validators: size,
    finalityMedianMs: quantile(finality, 0.5),
    finalityP99Ms: quantile(finality, 0.99),
    messageDelayMs: quantile(latenciesMs.map(Number), 0.5) / 2,
    lightCpu,
    ...load,
  }
}

/** From a transfer's acknowledgement by one node until that node gives its receipt: it is final then. */
async function finalityOf(nodes: readonly NodeProcess[]): Promise<number[]> {
  const times: number[] = []
  const [sender] = senders
  if (!sender) throw new RangeError('There are senders')
  const signed = signWorkload({ ...workload, senders: [sender], count: samples, firstNonce: 0 })
  for (const [index, raw] of signed.entries()) {
    const url = nodes[index % nodes.length]?.url ?? ''
    const hash = bytesToHex(keccak256(raw))
    const startMs = performance.now()
    await callRpc(url, 'eth_sendRawTransaction', [bytesToHex(raw)])
    while ((await callRpc(url, 'eth_getTransactionReceipt', [hash])) === null) await delay(2)
    times.push(performance.now() - startMs)
    // The chain is idle again, and the next node has heard of the block.
    await delay(150)
  }
  return times.slice(samples / 6)
}

/** Each sender's transfers through one node; those of all nodes at once. */
async function throughputOf(nodes: readonly NodeProcess[]) {
  const [first] = nodes
  const others = senders.slice(1)
  const perSender = Math.ceil(count / others.length)
  const shares = nodes.map((_, index) =>
    signWorkload({
      ...workload,
      senders: others.filter((_, at) => at % nodes.length === index),
      count: perSender,
      firstNonce: 0,
    }),
  )
  const total = shares.reduce((sum, share) => sum + share.length, 0)
  const url = first?.url ?? ''
  const from = Number(await callRpc(url, 'eth_blockNumber', [])) + 1
  const cpuBefore = totalCpuMs(nodes)
  const startMs = performance.now()
  const limits = { batch: 50, inFlight: Math.max(1, Math.floor(8 / nodes.length)) }
  await Promise.all(shares.map((share, index) => sendAll(nodes[index]?.url ?? '', share, limits)))
  await untilMined(url, from, total)
  return {
    transfersPerSecond: (1000 * total) / (performance.now() - startMs),
    cpuMsPerTransfer: (totalCpuMs(nodes) - cpuBefore) / total,
  }
}

/** CPU of each of many validators that make an empty block a second. */
async function idle(size: number): Promise<{ validators: number; cpu: number; perSecond: number }> {
  const setup = { size, chainId, blockTimeMs: 1000, heartbeatMs: 1000, rich }
  await using network = await startNetwork(setup)
  const { nodes } = network
  const [first] = nodes
  if (!first) throw new RangeError('A network has nodes')
  await delay(2000)
  const before = { cpu: totalCpuMs(nodes), ...(await first.ask()), atMs: performance.now() }
  await delay(10_000)
  const after = await first.ask()
  const passedMs = performance.now() - before.atMs
  return {
    validators: size,
    cpu: (totalCpuMs(nodes) - before.cpu) / passedMs / size,
    perSecond: (1000 * (after.height - before.height)) / passedMs,
  }
}

/**
 * Pauses between blocks after one of four is killed. About a quarter of the heights have it for their
 * first proposer: those are the pauses counted; it may be drawn for the next rounds too.
 */
async function recovery(): Promise<{ usualMs: number; medianMs: number; longestMs: number }> {
  const setup = { size: 4, chainId, blockTimeMs: 100, heartbeatMs: 100, rich }
  await using network = await startNetwork(setup)
  const [first, , , last] = network.nodes
  if (!first || !last) throw new RangeError('Four nodes')
  const usual = await gaps(first.url, 20)
  last.child.kill('SIGKILL')
  const usualMs = quantile(usual, 0.5)
  const pauses = (await gaps(first.url, 30)).filter((pauseMs) => pauseMs > 5 * usualMs)
  return { usualMs, medianMs: quantile(pauses, 0.5), longestMs: Math.max(0, ...pauses) }
}

/** Between the next blocks of a node, in milliseconds. */
async function gaps(url: string, blocks: number): Promise<number[]> {
  const found: number[] = []
  let height = Number(await callRpc(url, 'eth_blockNumber', []))
  let lastMs = performance.now()
  while (found.length < blocks) {
    const now = Number(await callRpc(url, 'eth_blockNumber', []))
    if (now > height) {
      found.push(performance.now() - lastMs)
      lastMs = performance.now()
      height = now
    }
    await delay(5)
  }
  return found.slice(1)
}

const workload = { kind: 'transfer', chainId, token: '0x', recipients } as const

function totalCpuMs(nodes: readonly NodeProcess[]): number {
  return nodes.reduce((sum, node) => sum + node.cpuMs(), 0)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const results: Figures[] = []
for (const size of sizes) {
  const figures = await measure(size)
  results.push(figures)
  if (!process.argv.includes('--json')) print(figures, results[0] ?? figures)
}
const killed = await recovery()
const quiet = await idle(idleSize)
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ results, recovery: killed, idle: quiet }))
else {
  console.log(
    `one of 4 killed: ${killed.medianMs.toFixed(0)} ms to a block where it should propose (median), ${killed.longestMs.toFixed(0)} ms at most; else ${killed.usualMs.toFixed(0)} ms`,
  )
  console.log(
    `${quiet.validators} idle: ${quiet.perSecond.toFixed(2)} empty blocks a second, ${(100 * quiet.cpu).toFixed(1)}% of a core for each validator`,
  )
}

/** Against one validator's in the same run: what is more than its latency, agreement costs. */
function print(figures: Figures, first: Figures): void {
  const { validators, finalityMedianMs, messageDelayMs, transfersPerSecond } = figures
  const over = finalityMedianMs - first.finalityMedianMs - 2 * messageDelayMs
  const compared = first.validators === 1 && validators > 1
  console.log(
    [
      `${validators} validators`.padEnd(13),
      `final in ${finalityMedianMs.toFixed(0)} ms (median), ${figures.finalityP99Ms.toFixed(0)} ms (p99)`,
      ...(compared ? [`${over.toFixed(0)} ms over two message delays and one validator's`] : []),
      `${transfersPerSecond.toFixed(0)} transfers/s`,
      ...(compared
        ? [`${(transfersPerSecond / first.transfersPerSecond).toFixed(2)} of one validator's`]
        : []),
      `${figures.cpuMsPerTransfer.toFixed(2)} ms CPU a transfer over all`,
      `${(100 * figures.lightCpu).toFixed(1)}% of a core each at light load`,
    ].join('; '),
  )
}
