import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBackend } from '@quoin/models'
import { irisTable } from '../test-support/data-sets.ts'
import { irisAlgorithms, irisDeclaration } from '../test-support/declarations.ts'
import { trainModel } from './train.ts'
import type { TrainingOptions } from './training-run.ts'

const backend = await openBackend('onnx-wasm')
const table = irisTable()

for (const name of irisAlgorithms)
  test(`${name} goes on from any of its checkpoints to the same model and report`, async () => {
    const declaration = await irisDeclaration(name)
    const options: TrainingOptions = { declaration, table, backend }
    const checkpoints: Uint8Array[] = []
    const whole = await trainModel({
      ...options,
      onProgress: ({ checkpoint }) => void checkpoints.push(checkpoint()),
    })
    assert.ok(checkpoints.length >= 5)
    for (const resume of checkpoints) {
      const resumed = await trainModel({ ...options, resume })
      assert.equal(resumed.modelCid, whole.modelCid)
      assert.deepEqual(resumed.report, whole.report)
    }
  })

test('a training that was killed goes on in another process to the same model', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-training-'))
  try {
    const main = fileURLToPath(new URL('../test-support/training-main.ts', import.meta.url))
    const file = join(folder, 'checkpoint')
    const run = (...more: string[]) =>
      spawnSync(process.execPath, [main, 'trees', file, ...more], { encoding: 'utf8' })
    assert.equal(run('4').signal, 'SIGKILL')
    assert.equal(run('7').signal, 'SIGKILL')
    const { stdout, stderr } = run()
    const declaration = await irisDeclaration('trees')
    const { modelCid } = await trainModel({ declaration, table, backend })
    assert.equal(stdout.trim(), modelCid, stderr)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a checkpoint of another training is refused, and so is one that was cut', async () => {
  const saved: Uint8Array[] = []
  const declaration = await irisDeclaration('sgd')
  await trainModel({
    declaration,
    table,
    backend,
    onProgress: ({ checkpoint }) => void saved.push(checkpoint()),
  })
  const [resume = new Uint8Array()] = saved
  await assert.rejects(
    trainModel({ declaration: { ...declaration, seed: 9 }, table, backend, resume }),
    { code: 'CHECKPOINT_MISMATCH', message: /another declaration/ },
  )
  const other = { ...table, columns: new Map([...table.columns, ['more', new Float64Array(150)]]) }
  await assert.rejects(trainModel({ declaration, table: other, backend, resume }), {
    code: 'CHECKPOINT_MISMATCH',
    message: /another table/,
  })
  for (const bytes of [resume.subarray(0, -1), resume.subarray(0, 30), Uint8Array.of(1, 2, 3)])
    await assert.rejects(trainModel({ declaration, table, backend, resume: bytes }), {
      code: 'CHECKPOINT_CORRUPT',
    })
})

test('an aborted training stops after the round it is in, with the reason of the abort', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  let rounds = 0
  const training = trainModel({
    declaration: await irisDeclaration('mlp'),
    table,
    backend,
    signal: controller.signal,
    onProgress() {
      rounds += 1
      if (rounds === 2) controller.abort(reason)
    },
  })
  await assert.rejects(training, reason)
  assert.equal(rounds, 2)
})
