import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { itemOffsets, wrapList } from '../codec/rlp.ts'
import { openExecution } from '../open-execution.ts'
import { createFolder } from '../testing/test-node.ts'

const fixtures = new URL('../../../rpc/fixtures/execution-apis/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, fixtures))

/** The blocks of a chain.rlp lie one after another, without a list round them. */
function splitBlocks(bytes: Uint8Array): Uint8Array[] {
  const list = wrapList([bytes])
  const offsets = itemOffsets(list)
  return offsets.slice(0, -1).map((start, i) => list.subarray(start, offsets[i + 1]))
}

test("Ethereum's test chain imports from Frontier to Osaka and its second blob change", async () => {
  await using folder = await createFolder()
  const genesis = JSON.parse(read('genesis.json').toString())
  const { headBlockHash } = JSON.parse(read('headfcu.json').toString()).params[0]
  {
    await using execution = await openExecution({ dataDir: folder.path, genesis })
    for (const block of splitBlocks(read('chain.rlp'))) await execution.importBlock(block)
    assert.equal(execution.blocks.head.hash, headBlockHash)
  }
  await using reopened = await openExecution({ dataDir: folder.path, genesis })
  assert.equal(reopened.blocks.head.hash, headBlockHash)
  for (let number = 0n; number <= reopened.blocks.head.number; number++) {
    const block = await reopened.blocks.byNumber(number)
    assert.equal(block?.header.number, number)
    const receipts = await reopened.blocks.receipts(block.header.hash)
    assert.equal(receipts?.length, block.transactions.length)
    assert.equal(receipts.at(-1)?.cumulativeGasUsed ?? 0n, block.header.gasUsed)
  }
})

test('an imported block that was changed is refused with what is wrong', async () => {
  await using folder = await createFolder()
  const genesis = JSON.parse(read('genesis.json').toString())
  await using execution = await openExecution({ dataDir: folder.path, genesis })
  const [first, second] = splitBlocks(read('chain.rlp'))
  assert.ok(first && second)
  await assert.rejects(execution.importBlock(second), {
    code: 'INVALID_BLOCK',
    message: /ancestor/,
  })
  for (const at of [100, 200, first.length - 30]) {
    const forged = Uint8Array.from(first)
    forged[at] = (forged[at] ?? 0) ^ 1
    await assert.rejects(execution.importBlock(forged), { code: 'INVALID_BLOCK' })
  }
  await assert.rejects(execution.importBlock(first.subarray(0, 300)), { code: 'INVALID_BLOCK' })
  assert.equal(execution.blocks.head.number, 0n)
  await execution.importBlock(first)
  assert.equal(execution.blocks.head.number, 1n)
})
