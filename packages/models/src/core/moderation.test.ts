import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { z } from 'zod/mini'
import { loadFiles } from '../catalog/load-files.ts'
import { moderationVerifiable } from '../catalog/moderation.ts'
import { openBackend } from '../runtime/open-backend.ts'
import { testImages } from '../test-support/images.ts'
import { openModel } from './model.ts'

/** Made by TensorFlow.js: see fixtures/README.md. */
const reference = z.parse(
  z.array(
    z.object({
      image: z.enum(['noise', 'gradient', 'checks']),
      probabilities: z.array(z.number()),
    }),
  ),
  JSON.parse(
    readFileSync(new URL('../../fixtures/moderation-reference.json', import.meta.url), 'utf8'),
  ),
)
const files = await loadFiles('moderation')
const model = await openModel(await openBackend('onnx-wasm'), moderationVerifiable, files)
const images = testImages()
const shape = [1, 224, 224, 3]

suite('the moderation model, converted by us, against TensorFlow.js', () => {
  for (const { image, probabilities } of reference)
    test(`gives the same probabilities for ${image}`, async () => {
      const outputs = await model.infer({ image: { type: 'uint8', shape, data: images[image] } })
      const actual = [...(outputs.probabilities?.data ?? [])].map(Number)
      const worst = probabilities.map((value, index) => Math.abs(value - (actual[index] ?? NaN)))
      assert.ok(Math.max(...worst) < 2e-5, `differs by ${Math.max(...worst)}`)
    })

  test('bytes and the floats that they stand for give the same bits', async () => {
    const bytes = images.noise
    const data = Float32Array.from(bytes, (byte) => byte / 255)
    assert.deepEqual(
      await model.infer({ image: { type: 'float32', shape, data } }),
      await model.infer({ image: { type: 'uint8', shape, data: bytes } }),
    )
  })

  test('values that are no brightness are refused', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -0.1, 200]) {
      const data = new Float32Array(224 * 224 * 3).fill(0.5)
      data[77] = value
      await assert.rejects(model.infer({ image: { type: 'float32', shape, data } }), {
        code: 'INPUT_INVALID',
      })
    }
  })
})
