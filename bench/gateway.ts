/**
 * What being paid costs: our gateway's paid call against the same call for free, and against the stock
 * server from npm (@x402/express with @x402/evm batch settlement) on the same chain, in one run. Every
 * server is a process of its own; its CPU time is that of all its threads. Measured with a model that answers at
 * once, so that serving alone is compared, and with the embedded embedding model. Run: node bench/gateway.ts [--json] [--quick]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { privateKeyToAddress } from '@quoin/keys'
import { createLedger, type Ledger } from '@quoin/ledger'
import {
  payerAccount,
  startAnvil,
  type TestChain,
} from '../packages/market/src/test-support/anvil.ts'
import { providerKey, stockReceiverKey } from './gateway/keys.ts'
import { inParallel, median, post, type Target } from './gateway/load.ts'
import { requestBody } from './gateway/protocol.ts'
import { ServerProcess } from './gateway/server-process.ts'
import { openPurse, type Purse, readOffer } from './gateway/vouchers.ts'

const isQuick = process.argv.includes('--quick')
const rounds = isQuick ? 2 : 3
const calls = isQuick ? 200 : 500
const width = 16

interface Figures {
  cpuMs: number
  sequentialMs: number
  callsPerSecond: number
  concurrentCpuMs: number
}

interface Subject {
  name: string
  server: ServerProcess
  target: Target
  /** One per concurrent caller, since the stock server takes one call at a time on a channel. */
  purses: Purse[] | null
  rounds: Figures[]
}

await using stack = new AsyncDisposableStack()
const dataDir = await mkdtemp(join(tmpdir(), 'quoin-bench-'))
stack.defer(() => rm(dataDir, { recursive: true, force: true }))
const chain = stack.use(await startAnvil())
const orders = { rpcUrl: chain.rpcUrl, chainId: chain.chainId, dataDir }
for (const key of [providerKey, stockReceiverKey])
  await chain.control.setBalance({ address: privateKeyToAddress(key), value: 10n ** 21n })

const ours = stack.use(await ServerProcess.start('./our-server.ts', orders))
const stock = stack.use(await ServerProcess.start('./stock-server.ts', orders))
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const targets = {
  paid: { url: ours.paidUrl, body: requestBody('paid'), agent },
  free: { url: ours.freeUrl, body: requestBody('free'), agent },
  realPaid: { url: ours.paidUrl, body: requestBody('real-paid'), agent },
  realFree: { url: ours.freeUrl, body: requestBody('real-free'), agent },
  stockPaid: { url: stock.paidUrl, body: requestBody('paid'), agent },
  stockFree: { url: stock.freeUrl, body: requestBody('free'), agent },
}
const subjects: Subject[] = [
  subject('quoin, free', ours, targets.free, null),
  subject('quoin, paid, one channel', ours, targets.paid, await purses(chain, targets.paid, 1)),
  subject('quoin, embedding model, free', ours, targets.realFree, null),
  subject(
    'quoin, embedding model, paid',
    ours,
    targets.realPaid,
    await purses(chain, targets.realPaid, 1),
  ),
  subject('stock, free', stock, targets.stockFree, null),
  subject(
    `stock, paid, ${width} channels`,
    stock,
    targets.stockPaid,
    await purses(chain, targets.stockPaid, width),
  ),
]
for (const each of subjects) await run(each, Math.ceil(calls / 2))
for (const each of subjects) each.rounds = []
for (let round = 0; round < rounds; round++) for (const each of subjects) await run(each, calls)
const addedMs = await addedLatency(subjects[0], subjects[1])
print()
agent.destroy()

function subject(
  name: string,
  server: ServerProcess,
  target: Target,
  paidFrom: Purse[] | null,
): Subject {
  return { name, server, target, purses: paidFrom, rounds: [] }
}

async function purses(on: TestChain, target: Target, count: number): Promise<Purse[]> {
  const offer = await readOffer(target.url, target.body)
  const opened: Purse[] = []
  for (let index = 0; index < count; index++) {
    const account = payerAccount(1 + index)
    const { rpcUrl, chainId } = on
    await using ledger: Ledger = createLedger({ rpcUrl, chainId, account })
    opened.push(await openPurse(ledger, account, offer, 100_000))
  }
  return opened
}

async function run(subject: Subject, count: number): Promise<void> {
  const { server, target } = subject
  const sequential = paymentsOf(subject, count, 1)
  const times: number[] = []
  const before = await server.cpuMs()
  for (const payment of sequential) times.push(await post(target, payment))
  const between = await server.cpuMs()
  const lanes = paymentsOf(subject, count, width)
  const start = await server.cpuMs()
  const tookMs = await inParallel(laneCalls(target, lanes), width)
  const end = await server.cpuMs()
  subject.rounds.push({
    cpuMs: (between - before) / count,
    sequentialMs: median(times),
    callsPerSecond: (count * 1000) / tookMs,
    concurrentCpuMs: (end - start) / count,
  })
}

/** Signed before the clock starts. With one purse per lane, a lane's payments follow each other. */
function paymentsOf({ purses }: Subject, count: number, lanes: number): (string | undefined)[] {
  return Array.from({ length: count }, (_, index) => {
    const purse = purses?.[purses.length === 1 ? 0 : index % lanes]
    return purse?.next()
  })
}

/** Each lane makes its calls one after another, so that the stock server sees one call a channel. */
function laneCalls(target: Target, payments: readonly (string | undefined)[]) {
  return Array.from({ length: width }, (_, lane) => async () => {
    for (let index = lane; index < payments.length; index += width)
      await post(target, payments[index])
  })
}

/** Free and paid calls by turns, so that what else the machine does weighs on both alike. */
async function addedLatency(free: Subject | undefined, paid: Subject | undefined): Promise<number> {
  if (!free || !paid) return Number.NaN
  const payments = paymentsOf(paid, calls, 1)
  const times: { free: number[]; paid: number[] } = { free: [], paid: [] }
  for (const payment of payments) {
    times.free.push(await post(free.target))
    times.paid.push(await post(paid.target, payment))
  }
  return median(times.paid) - median(times.free)
}

function print(): void {
  const rows = subjects.map(({ name, rounds: measured }) => ({
    name,
    cpuMsPerCall: round(median(measured.map(({ cpuMs }) => cpuMs))),
    medianMs: round(median(measured.map(({ sequentialMs }) => sequentialMs))),
    concurrentCpuMsPerCall: round(median(measured.map((figures) => figures.concurrentCpuMs))),
    callsPerSecond: Math.round(median(measured.map((figures) => figures.callsPerSecond))),
  }))
  const [free, paid, realFree, realPaid, , stockPaid] = rows
  if (!free || !paid || !realFree || !realPaid || !stockPaid) return
  const ratios = {
    paidToFreeCpu: round(paid.cpuMsPerCall / free.cpuMsPerCall),
    paidToFreeCpuConcurrent: round(paid.concurrentCpuMsPerCall / free.concurrentCpuMsPerCall),
    embeddingPaidToFreeCpu: round(realPaid.cpuMsPerCall / realFree.cpuMsPerCall),
    stockToPaidCpu: round(stockPaid.cpuMsPerCall / paid.cpuMsPerCall),
    stockToPaidCpuConcurrent: round(stockPaid.concurrentCpuMsPerCall / paid.concurrentCpuMsPerCall),
    addedMedianMs: round(addedMs),
  }
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ calls, rounds, width, rows, ratios }))
    return
  }
  console.log(`${rounds} rounds of ${calls} calls; concurrent: ${width} callers\n`)
  console.table(rows)
  console.log(
    `CPU of a paid call: ${ratios.embeddingPaidToFreeCpu} times a free one with the embedded model, ${ratios.paidToFreeCpu} times with one that costs nothing (aim: below 3)`,
  )
  console.log(
    `CPU of the stock server's paid call: ${ratios.stockToPaidCpu} times ours, ${ratios.stockToPaidCpuConcurrent} times with ${width} callers (aim: 10)`,
  )
  console.log(`Added to a sequential call at the median: ${ratios.addedMedianMs} ms (aim: 2)`)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
