import assert from 'node:assert/strict'
import { it } from 'node:test'
import { runPowPartition } from './network-faults/run-pow-partition.ts'

it('four processes that mine apart come to one chain, and nothing that either side took is lost or doubled', async () => {
  const { removed, transactions } = await runPowPartition({ blocksApart: 5 })
  assert.ok(Math.max(...removed) > 0, 'somebody was told that logs were removed')
  assert.ok(transactions > 8, `${transactions} transactions`)
})
