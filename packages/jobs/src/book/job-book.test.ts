import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { type JobInput, parseJob } from '../declaration.ts'
import { openBook } from '../test-support/open-book.ts'
import { pointsTable, trainingJob } from '../test-support/training-job.ts'

let directory: string
let points: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quoin-book-'))
  points = join(directory, 'points.csv')
  await writeFile(points, pointsTable(400))
})

after(() => rm(directory, { recursive: true }))

const pipelineOf = (sql: string): JobInput => ({
  kind: 'quoin/job/1',
  work: {
    kind: 'pipeline',
    pipeline: {
      kind: 'quoin/pipeline/1',
      inputs: { points: { cid: 'bafypoints', format: 'csv' } },
      steps: [{ table: 'made', sql }],
      outputs: { made: { table: 'made', format: 'csv' } },
    },
  },
  inputs: [{ name: 'points', cid: 'bafypoints' }],
  outputs: [{ name: 'made', kind: 'dataset', maxBytes: 1 << 20 }],
})

describe('a book of jobs', () => {
  it('runs jobs in their order, and knows them after it was opened again', async () => {
    const folder = join(directory, 'order')
    const ids: string[] = []
    {
      await using book = await openBook(folder, points)
      for (const n of [1, 2])
        ids.push((await book.submit(parseJob(pipelineOf(`select x * ${n} as x from points`)))).id)
      const [first, second] = await Promise.all(ids.map((id) => book.ended(id)))
      assert.equal(first?.outcome.status, 'done')
      assert.equal(second?.outcome.status, 'done')
      assert.ok(first.outcome.endedMs <= second.outcome.endedMs)
      assert.equal(first.outcome.outputs[0]?.name, 'made')
      assert.notEqual(first.outcome.outputs[0]?.cid, second.outcome.outputs[0]?.cid)
    }
    await using again = await openBook(folder, points)
    assert.deepEqual(
      again.list().map(({ id }) => id),
      ids,
    )
    assert.equal((await again.ended(ids[0] ?? '')).outcome.status, 'done')
  })

  it('does not try again what fails by its own fault', async () => {
    await using book = await openBook(join(directory, 'fault'), points)
    const { id } = await book.submit(parseJob(pipelineOf('select nothing from points')))
    const { outcome, attempts } = await book.ended(id)
    assert.equal(attempts, 1)
    assert.ok(
      outcome.status === 'failed' && /In step made: .*nothing/.test(outcome.message),
      JSON.stringify(outcome),
    )
  })

  it('cancels what runs and what waits', async () => {
    await using book = await openBook(join(directory, 'cancel'), points)
    const job = parseJob(await trainingJob(100_000))
    const running = await book.submit(job)
    const waiting = await book.submit(job)
    await new Promise<void>((resolve) => book.onChange(({ progress }) => progress && resolve()))
    assert.equal((await book.cancel(waiting.id)).outcome.status, 'cancelled')
    assert.equal(book.find(waiting.id).attempts, 0)
    assert.equal((await book.cancel(running.id)).outcome.status, 'cancelled')
  })

  it('knows no job that it was not given', async () => {
    await using book = await openBook(join(directory, 'none'), points)
    assert.throws(
      () => book.find('other'),
      (error) => error instanceof CodedError && error.code === 'UNKNOWN_JOB',
    )
  })

  it('goes on after kill -9 from the checkpoint, to the same model', async () => {
    const epochs = 3_000
    const folder = join(directory, 'killed')
    const { id, round } = await killInTheMiddle(folder, epochs)
    await using book = await openBook(folder, points)
    let resumedAt = 0
    book.onChange(({ progress }) => {
      if (progress && resumedAt === 0) resumedAt = progress.done
    })
    const resumed = await book.ended(id)
    assert.equal(resumed.attempts, 2)
    assert.ok(resumedAt > 1, `it began anew, after it had come to ${round}`)
    const whole = await book.ended((await book.submit(parseJob(await trainingJob(epochs)))).id)
    assert.ok(resumed.outcome.status === 'done' && whole.outcome.status === 'done')
    assert.deepEqual(resumed.outcome.outputs, whole.outcome.outputs)
  })
})

/** Kills a process and its machines' parents once there is a checkpoint. */
async function killInTheMiddle(
  folder: string,
  epochs: number,
): Promise<{ id: string; round: number }> {
  const script = new URL('../test-support/book-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, folder, points, `${epochs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let id = ''
  let round = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, value = ''] = line.split(' ')
    assert.notEqual(word, 'ended', 'the job ended before it was killed')
    if (word === 'id') id = value
    if (word === 'round') round = Number(value)
    if (round > 0 && (await readFile(join(folder, id, 'work/checkpoint/state')).catch(() => null)))
      break
  }
  child.kill('SIGKILL')
  await exited
  return { id, round }
}
