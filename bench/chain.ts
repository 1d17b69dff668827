/**
 * A whole node against anvil in one run: blocks of one second, raw transactions over JSON-RPC, one
 * by one and in batches of a hundred, transfers and ERC-20 transfers, all signed beforehand. For
 * each: transactions per second until the last is in a block, CPU of the node's process per
 * transaction, and the ratio of anvil's to ours. Run: npm run bench:chain -- [--json] [--count N]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGenesis, validatorOf } from '@quoin/chain'
import { genesisAlloc, predeployAddresses } from '@quoin/contracts'
import { bytesToHex } from '@quoin/kernel'
import { type Contestant, startAnvil, startQuoin } from './workload/contestants.ts'
import { callRpc, sendAll, untilMined } from './workload/rpc-load.ts'
import { createAccounts, signWorkload } from './workload/signed-transactions.ts'

const chainId = 31402
const blockTimeMs = 1000
const option = process.argv.indexOf('--count')
const transfers = option === -1 ? 4000 : Number(process.argv[option + 1])
const senders = createAccounts(100, 'sender')
const recipients = createAccounts(1000, 'recipient').map(({ address }) => address)

const scenarios = [
  { kind: 'transfer', batch: 1, inFlight: 32, count: transfers },
  { kind: 'transfer', batch: 100, inFlight: 4, count: transfers },
  { kind: 'erc20', batch: 1, inFlight: 32, count: transfers / 2 },
  { kind: 'erc20', batch: 100, inFlight: 4, count: transfers / 2 },
] as const

interface Result {
  node: string
  kind: string
  batch: number
  perSecond: number
  cpuMsPerTransaction: number
}

async function run(node: Contestant): Promise<Result[]> {
  const results: Result[] = []
  let firstNonce = 0
  for (const { kind, batch, inFlight, count } of scenarios) {
    const perSender = Math.ceil(count / senders.length)
    const token = predeployAddresses.credit
    const workload = { kind, chainId, token, senders, recipients, count: perSender, firstNonce }
    const signed = signWorkload(workload)
    firstNonce += perSender
    const from = Number(await callRpc(node.url, 'eth_blockNumber', [])) + 1
    const cpuBefore = node.cpuMs()
    const startMs = performance.now()
    await sendAll(node.url, signed, { batch, inFlight })
    await untilMined(node.url, from, signed.length)
    results.push({
      node: node.name,
      kind,
      batch,
      perSecond: (1000 * signed.length) / (performance.now() - startMs),
      cpuMsPerTransaction: (node.cpuMs() - cpuBefore) / signed.length,
    })
  }
  return results
}

const validator = senders[0]
if (validator === undefined) throw new Error('There are senders')
const folder = await mkdtemp(join(tmpdir(), 'quoin-bench-'))
try {
  const genesisFile = join(folder, 'genesis.json')
  const genesis = createGenesis({
    chainId,
    timestamp: Math.floor(Date.now() / 1000) - 1,
    validators: [validatorOf(validator.key)],
    alloc: genesisAlloc({
      creditOwner: validator.address,
      credits: senders.map(({ address }) => ({ address, amount: 10n ** 12n })),
      balances: senders.map(({ address }) => ({ address, wei: 10n ** 22n })),
    }),
  })
  await writeFile(genesisFile, JSON.stringify(genesis))
  const setup = { folder, genesisFile, blockTimeMs }
  const ours = await measure(() => startQuoin(setup, bytesToHex(validator.key)))
  const theirs = await measure(() => startAnvil(setup, chainId))
  report(ours, theirs)
} finally {
  await rm(folder, { recursive: true })
}

async function measure(start: () => Promise<Contestant>): Promise<Result[]> {
  await using node = await start()
  return await run(node)
}

function report(ours: readonly Result[], theirs: readonly Result[]): void {
  const rows = ours.map((our, index) => {
    const their = theirs[index]
    if (their === undefined) throw new Error('Both ran the same scenarios')
    return { our, their, ratio: their.cpuMsPerTransaction / our.cpuMsPerTransaction }
  })
  if (process.argv.includes('--json')) {
    console.log(
      JSON.stringify(rows.map(({ our, their, ratio }) => ({ quoin: our, anvil: their, ratio }))),
    )
    return
  }
  for (const { our, their, ratio } of rows)
    console.log(
      [
        `${our.kind}, ${our.batch === 1 ? 'one by one' : `batches of ${our.batch}`}`.padEnd(28),
        `quoin ${our.perSecond.toFixed(0)}/s ${our.cpuMsPerTransaction.toFixed(3)} ms`.padEnd(26),
        `anvil ${their.perSecond.toFixed(0)}/s ${their.cpuMsPerTransaction.toFixed(3)} ms`.padEnd(
          26,
        ),
        `throughput per CPU against anvil: ${ratio.toFixed(2)}`,
      ].join(' '),
    )
}
