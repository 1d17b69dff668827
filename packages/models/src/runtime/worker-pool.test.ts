import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { silentLogger } from '@quoin/kernel'
import { loadFiles } from '../catalog/load-files.ts'
import type { GenerateRequest } from '../interface.ts'
import type { Work } from './protocol.ts'
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts'

const files = await loadFiles('tiny-lm')

function createPool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  return new WorkerPool({
    setup: { runtime: 'onnx-native', architecture: 'tiny-lm', files, warmUpMs: 0 },
    maxWorkers: 1,
    callsPerWorker: 1,
    maxQueue: 2,
    logger: silentLogger,
    ...options,
  })
}

function generation(maxTokens: number): Work {
  const request: GenerateRequest = {
    prompt: 'The whale',
    maxTokens,
    temperature: 1,
    topK: 0,
    seed: 1,
    stop: [],
  }
  return { kind: 'generate', request }
}

suite('the worker pool', { timeout: 60_000 }, () => {
  test('refuses the call that finds the queue full, and serves the others', async () => {
    await using pool = createPool()
    await pool.ready()
    const running = [1, 2, 3].map(() => pool.run(generation(3)))
    await assert.rejects(pool.run(generation(3)), { code: 'OVERLOADED', message: /try again/ })
    for (const result of await Promise.all(running)) assert.equal(result.kind, 'generate')
    await pool.run(generation(1))
  })

  test('a worker that dies fails its own calls, and another serves those that waited', async () => {
    const setup = {
      runtime: 'onnx-wasm' as const,
      architecture: 'tiny-lm' as const,
      files,
      warmUpMs: 0,
    }
    await using pool = createPool({ setup })
    await pool.ready()
    const running = pool.run(generation(1_000))
    const waiting = pool.run(generation(1))
    const [thread] = pool.threads
    await thread?.kill()
    await assert.rejects(running, { code: 'MODEL_FAILED', message: /try again/ })
    assert.deepEqual(await waiting, { kind: 'generate' })
    assert.equal(pool.threads.size, 1)
  })

  test('an abort takes a waiting call out of the queue', async () => {
    await using pool = createPool()
    await pool.ready()
    const running = pool.run(generation(20))
    const controller = new AbortController()
    const waiting = pool.run(generation(1), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    assert.equal(pool.load, 1)
    await running
  })

  test('an abort of a running text lets it end early', async () => {
    await using pool = createPool()
    await pool.ready()
    const controller = new AbortController()
    let tokens = 0
    await pool.run(generation(1_000), {
      signal: controller.signal,
      onChunk: (chunk) => {
        if (chunk.type === 'text') controller.abort()
        else tokens = chunk.completionTokens
      },
    })
    assert.ok(tokens > 0 && tokens < 1_000, `${tokens} tokens`)
  })

  test('starts more workers when calls wait, up to its limit', async () => {
    await using pool = createPool({ maxWorkers: 2, maxQueue: 10 })
    await pool.ready()
    assert.equal(pool.threads.size, 1)
    await Promise.all(Array.from({ length: 6 }, () => pool.run(generation(5))))
    assert.equal(pool.threads.size, 2)
  })

  test('a model that cannot be opened is given up, with the reason', async () => {
    const model = new TextEncoder().encode('this is no model')
    const setup = {
      runtime: 'onnx-native' as const,
      architecture: 'tiny-lm' as const,
      files: { ...files, model },
      warmUpMs: 0,
    }
    await using pool = createPool({ setup })
    const waiting = pool.run(generation(1))
    await Promise.all([
      assert.rejects(waiting, { code: 'MODEL_FAILED' }),
      assert.rejects(pool.ready(), { code: 'MODEL_FAILED', message: /stops at its start/ }),
    ])
    await assert.rejects(pool.run(generation(1)), { code: 'MODEL_FAILED' })
  })

  test('closing ends texts early, fails what waits and ends the threads', async () => {
    const pool = createPool()
    await pool.ready()
    let reason = ''
    const running = pool.run(generation(1_000), {
      onChunk: (chunk) => {
        if (chunk.type === 'end') reason = chunk.reason
      },
    })
    const refused = assert.rejects(pool.run(generation(1)), { code: 'MODEL_FAILED' })
    await pool[Symbol.asyncDispose]()
    await Promise.all([running, refused])
    assert.equal(reason, 'aborted')
    assert.equal(pool.threads.size, 0)
    await assert.rejects(pool.run(generation(1)), { code: 'MODEL_FAILED', message: /shut down/ })
  })
})
