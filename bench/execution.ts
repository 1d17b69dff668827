/**
 * CPU per transaction of the execution client alone, by phase: into the pool, building a block,
 * checking it as another node would, making it the head. Run: node bench/execution.ts [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGenesis, validatorOf } from '@quoin/chain'
import { genesisAlloc, predeployAddresses } from '@quoin/contracts'
import type { PayloadEnvelope } from '@quoin/engine'
import { type Execution, openExecution } from '@quoin/execution'
import type { Hex } from '@quoin/kernel'
import { createAccounts, signWorkload } from './workload/signed-transactions.ts'

const zero: Hex = `0x${'00'.repeat(32)}`
const senders = createAccounts(100, 'sender')
const recipients = createAccounts(1000, 'recipient').map(({ address }) => address)
const chainId = 31402
const perBlock = Number(process.argv.find((arg) => /^\d+$/.test(arg)) ?? 1000)
const blocks = 5

const genesis = createGenesis({
  chainId,
  timestamp: 1,
  validators: [validatorOf(new Uint8Array(32).fill(1))],
  alloc: genesisAlloc({
    creditOwner: senders[0]?.address ?? '0x',
    credits: senders.map(({ address }) => ({ address, amount: 10n ** 12n })),
    balances: senders.map(({ address }) => ({ address, wei: 10n ** 22n })),
  }),
})

interface Phase {
  name: string
  cpuMicros: number
}

async function measure(phases: Phase[], name: string, work: () => Promise<void>): Promise<void> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  const phase = phases.find((each) => each.name === name)
  if (phase) phase.cpuMicros += user + system
  else phases.push({ name, cpuMicros: user + system })
}

async function runBlock(node: Execution, other: Execution, signed: Uint8Array[], phases: Phase[]) {
  await measure(phases, 'pool', async () => {
    for (const raw of signed) await node.pool.add(raw)
  })
  const head = node.blocks.head
  const state = {
    headBlockHash: head.hash,
    safeBlockHash: head.hash,
    finalizedBlockHash: head.hash,
  }
  let hash: Hex = zero
  let payload: PayloadEnvelope | null = null
  await measure(phases, 'build', async () => {
    const { payloadId } = await node.engine.forkchoiceUpdated(state, {
      timestamp: `0x${(head.timestamp + 1n).toString(16)}`,
      prevRandao: zero,
      suggestedFeeRecipient: '0x00000000000000000000000000000000000000fe',
      withdrawals: [],
      parentBeaconBlockRoot: zero,
    })
    if (payloadId === null) throw new Error('No payload')
    payload = await node.engine.getPayload(payloadId)
    hash = payload.executionPayload.blockHash
  })
  if (payload === null) throw new Error('No payload')
  const { executionPayload, executionRequests }: PayloadEnvelope = payload
  if (executionPayload.transactions.length !== signed.length)
    throw new Error(`Only ${executionPayload.transactions.length} of ${signed.length} fit`)
  await measure(phases, 'newPayload, own', async () => {
    await node.engine.newPayload(executionPayload, [], zero, executionRequests)
  })
  const next = { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash }
  await measure(phases, 'head', async () => {
    await node.engine.forkchoiceUpdated(next)
  })
  await measure(phases, 'newPayload, other', async () => {
    const { status } = await other.engine.newPayload(executionPayload, [], zero, executionRequests)
    if (status !== 'VALID') throw new Error(status)
  })
  await measure(phases, 'head, other', async () => {
    await other.engine.forkchoiceUpdated(next)
  })
}

async function run(kind: 'transfer' | 'erc20') {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-bench-'))
  try {
    await using node = await openExecution({ dataDir: join(folder, 'a'), genesis })
    await using other = await openExecution({ dataDir: join(folder, 'b'), genesis })
    const count = perBlock / senders.length
    const phases: Phase[] = []
    for (let block = 0; block < blocks; block++) {
      const firstNonce = block * count
      const token = predeployAddresses.credit
      const signed = signWorkload({ kind, chainId, token, senders, recipients, count, firstNonce })
      await runBlock(node, other, signed, block === 0 ? [] : phases)
    }
    const transactions = (blocks - 1) * perBlock
    return phases.map(({ name, cpuMicros }) => ({ kind, name, micros: cpuMicros / transactions }))
  } finally {
    await rm(folder, { recursive: true })
  }
}

const results = [...(await run('transfer')), ...(await run('erc20'))]
if (process.argv.includes('--json')) console.log(JSON.stringify(results))
else
  for (const { kind, name, micros } of results)
    console.log(
      kind.padEnd(10),
      name.padEnd(20),
      micros.toFixed(1).padStart(8),
      'µs CPU per transaction',
    )
