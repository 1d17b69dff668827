import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Batcher } from './batcher.ts'

/** Doubles numbers, remembers its batches, and finishes each only when told. */
function createBatcher(limits: { maxRows?: number; maxQueue?: number } = {}) {
  const batches: number[][] = []
  const releases: (() => void)[] = []
  const batcher = new Batcher<number, number>({
    maxRows: 4,
    maxRuns: 1,
    maxQueue: 100,
    ...limits,
    rowsOf: () => 1,
    keyOf: (item) => (item < 100 ? 'small' : 'large'),
    async run(items) {
      batches.push(items)
      await new Promise<void>((resolve) => releases.push(resolve))
      if (items.includes(13)) throw new Error('unlucky')
      return items.map((item) => item * 2)
    },
  })
  const releaseAll = async (results: Promise<unknown>) => {
    let settled = false
    results
      .finally(() => {
        settled = true
      })
      .catch(() => undefined)
    while (!settled) {
      for (const release of releases.splice(0)) release()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return results
  }
  return { batcher, batches, releaseAll }
}

suite('the batcher', () => {
  test('joins calls of one turn, up to the limit of rows, and gives each its own result', async () => {
    const { batcher, batches, releaseAll } = createBatcher()
    const results = Promise.all([1, 2, 3, 4, 5].map((item) => batcher.submit(item)))
    await releaseAll(results)
    assert.deepEqual(await results, [2, 4, 6, 8, 10])
    assert.deepEqual(batches, [[1, 2, 3, 4], [5]])
  })

  test('joins only calls of one form, without holding up the others', async () => {
    const { batcher, batches, releaseAll } = createBatcher()
    await releaseAll(Promise.all([1, 100, 2, 200].map((item) => batcher.submit(item))))
    assert.deepEqual(batches, [
      [1, 2],
      [100, 200],
    ])
  })

  test('a call that fails its batch fails alone', async () => {
    const { batcher, releaseAll } = createBatcher()
    const results = Promise.allSettled([1, 13, 3].map((item) => batcher.submit(item)))
    await releaseAll(results)
    assert.deepEqual(
      (await results).map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
      [2, 'failed', 6],
    )
  })

  test('refuses the call that finds the queue full', async () => {
    const { batcher, releaseAll } = createBatcher({ maxQueue: 2 })
    const results = Promise.all([batcher.submit(1), batcher.submit(2)])
    await assert.rejects(batcher.submit(3), { code: 'OVERLOADED' })
    await releaseAll(results)
  })

  test('an aborted call leaves the queue before it is run', async () => {
    const { batcher, batches, releaseAll } = createBatcher()
    const controller = new AbortController()
    const aborted = batcher.submit(1, controller.signal)
    const kept = batcher.submit(2)
    controller.abort(new Error('enough'))
    await assert.rejects(aborted, /enough/)
    await releaseAll(kept)
    assert.deepEqual(batches, [[2]])
  })
})
