import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { runKillTest } from '../scripts/kill-test/run.ts'

it('loses nothing when it is killed again and again under load', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-kill-'))
  const result = await runKillTest({ folder, times: 8, random: Math.random })
  assert.equal(result.kills, 8)
  assert.ok(result.acknowledged > 0, 'the load reached the chain')
  await rm(folder, { recursive: true })
})
