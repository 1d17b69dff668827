import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { missReason, readKnownMisses } from './known-misses.ts'
import { runSuite } from './run-suite.ts'

test('Ethereum’s RPC suite is passed but for the misses that are known with their reasons', async () => {
  const misses = await readKnownMisses()
  const suite = join(import.meta.dirname, '../../fixtures/execution-apis')
  const { cases, importProblem } = await runSuite(suite)
  assert.equal(importProblem, null)
  assert.equal(cases.length, 152)
  const failed = cases.filter(({ difference }) => difference !== null)
  assert.deepEqual(
    failed.filter((item) => missReason(misses, item) === undefined),
    [],
  )
  const explained = new Set(failed.flatMap(({ method, name }) => [method, `${method}/${name}`]))
  assert.deepEqual(
    Object.keys(misses).filter((key) => !explained.has(key)),
    [],
    'a known miss is passed now: take it off the list',
  )
})
