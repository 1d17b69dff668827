import assert from 'node:assert/strict'
import { it } from 'node:test'
import { runFaults } from './network-faults/run-faults.ts'

it('four processes lose and double nothing while one dies, one sleeps, halves part and links slow down', async () => {
  const { transactions } = await runFaults({ validators: 4, faultMs: 3_000, rounds: 1 })
  assert.ok(transactions > 20, `${transactions} transactions`)
})
