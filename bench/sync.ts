/**
 * How soon a new node has caught up with a chain, by executing every block from the genesis or from a snapshot
 * of the state that it checks and the blocks after it. One server, one new node, each a process of its own on
 * this machine; a node's start is in its time. Blocks hold transfers; the state is made by contracts.
 * Run: npm run bench:sync -- [--json] [--blocks N] [--accounts N] [--slots N]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGenesis, validatorOf } from '@quoin/chain'
import { bytesToHex } from '@quoin/kernel'
import { callRpc, sendAll } from './workload/rpc-load.ts'
import { createAccounts, signWorkload } from './workload/signed-transactions.ts'
import { fillers, signCalls } from './workload/state-fillers.ts'
import { SyncProcess } from './workload/sync-process.ts'

const chainId = 31402
const option = (name: string, otherwise: number) => {
  const index = process.argv.indexOf(name)
  return index === -1 ? otherwise : Number(process.argv[index + 1])
}
const blocks = option('--blocks', 2_100)
const accounts = option('--accounts', 20_000)
const slots = option('--slots', 50_000)
const transfersPerBlock = 5
const [validator, filling, ...senders] = createAccounts(52, 'sync')
if (!validator || !filling) throw new RangeError('There are accounts')
const recipients = createAccounts(200, 'recipient').map(({ address }) => address)

interface Caught {
  seconds: number
  cpuSeconds: number
  peakMb: number
  parts: number
}

const folder = await mkdtemp(join(tmpdir(), 'quoin-sync-'))
const genesisFile = join(folder, 'genesis.json')
const balance = `0x${(10n ** 24n).toString(16)}`
const rich = [filling, ...senders].map(({ address }) => [address, { balance }])
const genesis = createGenesis({
  chainId,
  timestamp: Math.floor(Date.now() / 1000) - 1,
  validators: [validatorOf(validator.key)],
  alloc: {
    ...Object.fromEntries(rich),
    ...Object.fromEntries(
      Object.values(fillers).map(({ address, code }) => [address, { balance, code }]),
    ),
  },
  blockTimeMs: 10,
  heartbeatMs: 10,
})
try {
  await writeFile(genesisFile, JSON.stringify(genesis))
  const height = await grow()
  await using server = await open('server', 60_000)
  const replay = await catchUp(server, height, 'genesis')
  const snapshot = await catchUp(server, height, 'snapshot')
  report(height, replay, snapshot)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function open(name: string, heartbeatMs: number): Promise<SyncProcess> {
  const key = bytesToHex(validator?.key ?? new Uint8Array())
  return SyncProcess.start([join(folder, name), genesisFile, key, 0x31, heartbeatMs, 'genesis'])
}

/** Makes the blocks and the state; gives the height. */
async function grow(): Promise<number> {
  await using server = await open('server', 10)
  const key = filling?.key ?? new Uint8Array()
  let nonce = 0
  const calls = [
    { ...fillers.accounts, count: Math.ceil(accounts / fillers.accounts.each) },
    { ...fillers.slots, count: Math.ceil(slots / fillers.slots.each) },
  ].flatMap(({ address, count }) => {
    const nonces = Array.from({ length: count }, () => nonce++)
    return signCalls(address, { key, chainId, nonces })
  })
  const rounds = Math.ceil((blocks * transfersPerBlock) / senders.length)
  for (let round = 0; round < rounds; round++) {
    const part = { senders, recipients, count: 1, firstNonce: round }
    const transfers = signWorkload({ kind: 'transfer', chainId, token: '0x', ...part })
    const share = calls.splice(0, Math.ceil(calls.length / (rounds - round)))
    await sendAll(server.url, [...share, ...transfers], { batch: 50, inFlight: 1 })
    await server.untilHeight(Math.floor(((round + 1) * blocks) / rounds))
  }
  const sent = BigInt(nonce)
  const count = ['eth_getTransactionCount', [filling?.address, 'latest']] as const
  while (BigInt(String(await callRpc(server.url, count[0], [...count[1]]))) < sent)
    await server.untilHeight((await server.ask()).height + 1)
  return (await server.ask()).height
}

async function catchUp(
  server: SyncProcess,
  height: number,
  from: 'genesis' | 'snapshot',
): Promise<Caught> {
  const dataDir = join(folder, from)
  const startMs = performance.now()
  const args = [dataDir, genesisFile, '-', 0x32, 60_000, from, ...server.addresses]
  await using node = await SyncProcess.start(args)
  const { parts } = await node.untilHeight(height)
  const seconds = (performance.now() - startMs) / 1000
  const { cpuMs, peakMb } = node.usage()
  return { seconds, cpuSeconds: cpuMs / 1000, peakMb, parts }
}

function report(height: number, replay: Caught, snapshot: Caught): void {
  const ratio = replay.seconds / snapshot.seconds
  const cpuRatio = replay.cpuSeconds / snapshot.cpuSeconds
  const made = { height, accounts, slots }
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ ...made, replay, snapshot, ratio, cpuRatio }))
    return
  }
  const cost = ({ seconds, cpuSeconds, peakMb }: Caught) =>
    `${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU, ${peakMb.toFixed(0)} MB at most`
  const perSecond = (count: number, { seconds }: Caught) => (count / seconds).toFixed(0)
  console.log(`${height} blocks, ${accounts} accounts, ${slots} storage slots`)
  console.log(`genesis    ${cost(replay)}: ${perSecond(height, replay)} blocks/s`)
  console.log(
    `snapshot   ${cost(snapshot)}: ${perSecond(accounts, snapshot)} accounts/s with ${perSecond(slots, snapshot)} slots/s, ${snapshot.parts} parts, ${perSecond(height, snapshot)} blocks/s`,
  )
  console.log(
    `a snapshot is ${ratio.toFixed(1)} times as fast, for ${(100 / cpuRatio).toFixed(0)}% of the CPU`,
  )
}
