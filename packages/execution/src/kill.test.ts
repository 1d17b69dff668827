import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { createMPT, verifyMPTWithMerkleProof } from '@ethereumjs/mpt'
import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { fromHex } from './codec/bytes.ts'
import type { Execution } from './interface.ts'
import { openExecution } from './open-execution.ts'
import { accounts, counter, createTestGenesis } from './testing/test-genesis.ts'
import { createFolder } from './testing/test-node.ts'

const program = new URL('./testing/killed-node.ts', import.meta.url).pathname
const kills = 50

interface Said {
  transactions: Hex[]
  heads: Hex[]
}

/** Runs the program until a random moment after it has opened its data. */
async function runAndKill(dataDir: string, round: number): Promise<Said> {
  const child = spawn(process.execPath, [program, dataDir, String(1 + (round % 20))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { NODE_COMPILE_CACHE: join(dataDir, 'compiled') },
  })
  const lines: string[] = []
  let rest = ''
  const { promise: isOpen, resolve, reject } = Promise.withResolvers<void>()
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    if (lines.length > 0) resolve()
  })
  const closed = new Promise<NodeJS.Signals | null>((done) =>
    child.on('close', (code, signal) => {
      reject(new Error(`The program ended by itself with ${code}`))
      done(signal)
    }),
  )
  await isOpen
  setTimeout(() => child.kill('SIGKILL'), randomInt(150))
  assert.equal(await closed, 'SIGKILL')
  const said = (what: string) =>
    lines
      .filter((line) => line.startsWith(`${what} `))
      .map((line) => line.slice(what.length + 1) as Hex)
  return { transactions: said('transaction'), heads: said('head') }
}

/** Nothing acknowledged is missing, and the whole state of the head can be read and proves itself. */
async function verify(execution: Execution, said: Said): Promise<void> {
  const { blocks, pool } = execution
  for (const head of said.heads) {
    const header = await blocks.header(head)
    assert.ok(header, 'an acknowledged head is stored')
    assert.equal((await blocks.headerByNumber(header.number))?.hash, head)
    assert.ok(await blocks.receipts(head))
  }
  for (const hash of said.transactions)
    assert.ok(pool.get(hash) ?? (await blocks.locate(hash)), 'an acknowledged transaction is known')
  const state = await execution.state(blocks.head.hash)
  assert.ok(state)
  const trie = await createMPT()
  for (const address of [counter.address, accounts[0]?.address.toLowerCase() as Hex]) {
    const slot: Hex = `0x${'00'.repeat(32)}`
    const proof = await state.proof(address, [slot])
    const nodes = proof.accountProof.map(fromHex)
    const root = fromHex(blocks.head.stateRoot)
    assert.ok(await verifyMPTWithMerkleProof(trie, root, keccak256(fromHex(address)), nodes))
  }
  const sender = await state.account(accounts[0]?.address.toLowerCase() as Hex)
  const counted = await state.storage(counter.address, `0x${'00'.repeat(32)}`)
  assert.equal(counted, ((sender?.nonce ?? 0n) + 1n) / 2n, 'every second transaction counts one')
  for (let number = 1n; number <= blocks.head.number; number++) {
    const block = await blocks.byNumber(number)
    assert.equal(block?.header.parentHash, (await blocks.headerByNumber(number - 1n))?.hash)
  }
}

test(`no acknowledged block or transaction is lost over ${kills} kills at random moments`, async () => {
  await using folder = await createFolder()
  const all: Said = { transactions: [], heads: [] }
  for (let round = 0; round < kills; round++) {
    const said = await runAndKill(folder.path, round)
    all.transactions.push(...said.transactions)
    all.heads.push(...said.heads)
    await using execution = await openExecution({
      dataDir: folder.path,
      genesis: createTestGenesis(),
    })
    await verify(execution, round % 10 === 9 ? all : said)
  }
  assert.ok(all.heads.length > kills, 'blocks were made between the kills')
})
