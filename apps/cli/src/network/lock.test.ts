import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { takeLock } from './lock.ts'
import { identify, isAlive } from './process-identity.ts'

async function lockIn(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  return join(folder, 'net.lock')
}

test('one command at a time changes a network, and the next may when it has ended', async (t) => {
  const path = await lockIn(t)
  {
    await using _lock = await takeLock(path)
    await assert.rejects(takeLock(path), {
      code: 'NETWORK_BUSY',
      message: new RegExp(`process ${process.pid}`),
    })
  }
  await using _again = await takeLock(path)
})

test('what a killed command left is taken over, even when its number runs again as another', async (t) => {
  const path = await lockIn(t)
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  const identity = identify(child.pid ?? 0)
  assert.ok(identity && isAlive(identity))
  await writeFile(path, JSON.stringify(identity))
  await assert.rejects(takeLock(path), { code: 'NETWORK_BUSY' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(isAlive(identity), false)
  {
    await using _lock = await takeLock(path)
  }
  await writeFile(path, JSON.stringify({ pid: process.pid, startedAt: 'before' }))
  {
    await using _lock = await takeLock(path)
  }
  await writeFile(path, '{"pid":')
  await using _lock = await takeLock(path)
})
