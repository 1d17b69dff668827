import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Lab } from './network-namespaces/lab.ts'
import { runNamespaces } from './network-namespaces/run-namespaces.ts'

const problem = Lab.whyNot()
const skip = problem !== null && `no network namespaces can be made here: ${problem}`

it('four validators on a network of the kernel lose and double nothing', { skip }, async () => {
  const { transactions } = await runNamespaces({ validators: 4, faultMs: 2_000 })
  assert.ok(transactions > 20, `${transactions} transactions`)
})
