import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { z } from 'zod/mini'
import { loadFiles } from '../catalog/load-files.ts'
import { useLiteVerifiable } from '../catalog/use-lite.ts'
import { openBackend } from '../runtime/open-backend.ts'
import { parseJsonFile } from './files.ts'
import { openModel } from './model.ts'
import { createUnigramTokenizer } from './unigram-tokenizer.ts'

/** Made by the published implementation: see fixtures/README.md. */
const reference = z.parse(
  z.array(z.object({ text: z.string(), ids: z.array(z.number()), vector: z.array(z.number()) })),
  JSON.parse(
    readFileSync(new URL('../../fixtures/use-lite-reference.json', import.meta.url), 'utf8'),
  ),
)
const files = await loadFiles('use-lite')
const model = await openModel(await openBackend('onnx-wasm'), useLiteVerifiable, files)

suite('USE-lite, converted by us, against its published implementation', () => {
  for (const { text, ids, vector } of reference)
    test(`gives the same tokens and vector for ${JSON.stringify(text.slice(0, 40))}`, async () => {
      const vocabulary = z.array(z.tuple([z.string(), z.nullable(z.number())]))
      const tokenizer = createUnigramTokenizer(parseJsonFile(files, 'vocabulary', vocabulary))
      assert.deepEqual(tokenizer.encode(text), ids)
      const { vectors, tokens } = await model.embed!([text])
      assert.equal(tokens, ids.length)
      const worst = vector.map((value, index) => Math.abs(value - (vectors[0]?.[index] ?? NaN)))
      assert.ok(Math.max(...worst) < 1e-5, `differs by ${Math.max(...worst)}`)
    })

  test('vectors have unit length and put like meanings together', async () => {
    const { vectors } = await model.embed!([
      'How old are you?',
      'What is your age?',
      'The bridge is closed for repairs.',
    ])
    const [a, b, c] = vectors
    const dot = (x: Float32Array | undefined, y: Float32Array | undefined) =>
      [...(x ?? [])].reduce((sum, value, index) => sum + value * (y?.[index] ?? 0), 0)
    assert.ok(Math.abs(dot(a, a) - 1) < 1e-5)
    assert.ok(dot(a, b) > dot(a, c) + 0.2)
  })
})
