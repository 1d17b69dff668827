import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { embeddedModels } from '../catalog/embedded-models.ts'
import { createModelHost } from '../host.ts'
import type { Model, ModelHost, RuntimeName, Tensor } from '../interface.ts'
import { testImages } from './images.ts'

/** What every runtime must do, shown on real models run by it. */
export function testRuntimeCompliance(runtime: RuntimeName): void {
  suite(`${runtime} keeps the runtime contract`, { timeout: 120_000 }, () => {
    let host: ModelHost
    const models = ['use-lite', 'tiny-lm', 'moderation'].flatMap((id) =>
      embeddedModels.filter((model) => model.id === id).map((model) => ({ ...model, runtime })),
    )
    const get = (id: string): Model => host.models.get(id) ?? assert.fail(`${id} is not served`)

    before(async () => {
      host = await createModelHost({ models, warmUpMs: 0 })
      await host.ready()
    })
    after(() => host[Symbol.asyncDispose]())

    test('a manifest says which class the runtime makes it', () => {
      for (const { manifest } of host.models.values())
        assert.equal(manifest.class, runtime === 'onnx-wasm' ? 'verifiable' : 'fast')
    })

    test('concurrent calls each get their own answer', async () => {
      const model = get('use-lite')
      const texts = Array.from({ length: 24 }, (_, index) => `text ${'very '.repeat(index)}long`)
      const together = await Promise.all(texts.map((text) => model.embed!([text])))
      for (const [index, { vectors, tokens }] of together.entries()) {
        const alone = await model.embed!([texts[index] ?? ''])
        assert.equal(tokens, alone.tokens)
        assertClose(vectors[0], alone.vectors[0], runtime === 'onnx-wasm' ? 0 : 1e-5)
      }
    })

    test('one bad call among good ones fails alone', async () => {
      const model = get('use-lite')
      const calls = ['good', '', 'fine'].map((text) => model.embed!([text]))
      const [good, bad, fine] = await Promise.allSettled(calls)
      assert.equal(good?.status, 'fulfilled')
      assert.equal(fine?.status, 'fulfilled')
      assert.ok(bad?.status === 'rejected')
      assert.equal(bad.reason.code, 'INPUT_INVALID')
    })

    test('rows of one tensor are answered as if alone', async () => {
      const { noise, gradient } = testImages()
      const both = new Uint8Array([...noise, ...gradient])
      const shape = [224, 224, 3]
      const infer = async (data: Uint8Array) => {
        const rows = data.length / noise.length
        const image: Tensor = { type: 'uint8', shape: [rows, ...shape], data }
        return (await get('moderation').infer({ image })).probabilities
      }
      const [first, second, joined] = await Promise.all([
        infer(noise),
        infer(gradient),
        infer(both),
      ])
      assert.deepEqual(joined?.shape, [2, 5])
      const expected = [...(first?.data ?? []), ...(second?.data ?? [])].map(Number)
      const tolerance = runtime === 'onnx-wasm' ? 0 : 1e-5
      assertClose([...(joined?.data ?? [])].map(Number), expected, tolerance)
    })

    test('text is generated in turns for several callers, equal for equal seeds', async () => {
      const texts = await Promise.all(
        [1, 2, 1].map(async (seed) => {
          const request = { prompt: 'The whale', temperature: 1, topK: 20, seed, maxTokens: 12 }
          let text = ''
          for await (const chunk of get('tiny-lm').generate!({ ...request, stop: [] }))
            if (chunk.type === 'text') text += chunk.text
          return text
        }),
      )
      assert.equal(texts[0], texts[2])
      assert.notEqual(texts[0], texts[1])
    })

    test('a consumer that stops reading stops the model', async () => {
      const request = { prompt: 'A', temperature: 1, topK: 0, seed: 1, maxTokens: 1_000, stop: [] }
      for await (const chunk of get('tiny-lm').generate!(request)) if (chunk.type === 'text') break
      // Four more at once need all the worker's places.
      const short = { ...request, maxTokens: 1 }
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          for await (const _ of get('tiny-lm').generate!(short));
        }),
      )
    })

    test('an aborted call fails with the reason of the abort', async () => {
      const reason = new Error('no longer wanted')
      await assert.rejects(
        get('use-lite').embed!(['x'], { signal: AbortSignal.abort(reason) }),
        reason,
      )
      const controller = new AbortController()
      const calls = Array.from({ length: 8 }, () =>
        get('moderation').infer(
          { image: { type: 'uint8', shape: [1, 224, 224, 3], data: testImages().checks } },
          { signal: controller.signal },
        ),
      )
      controller.abort(reason)
      const results = await Promise.allSettled(calls)
      assert.ok(results.some((one) => one.status === 'rejected' && one.reason === reason))
    })

    testInputChecks(() => get('use-lite'))
  })
}

function testInputChecks(model: () => Model): void {
  const ids = (...values: number[]): Tensor => ({
    type: 'int32',
    shape: [1, values.length],
    data: Int32Array.from(values),
  })
  const refused: [string, Record<string, Tensor>, string, RegExp][] = [
    ['an unknown name', { tokens: ids(7) }, 'INPUT_INVALID', /no input named tokens.*ids/],
    ['a missing input', {}, 'INPUT_INVALID', /ids is missing/],
    ['another type', { ids: { ...ids(7), type: 'float32' } }, 'INPUT_INVALID', /int32/],
    ['another rank', { ids: { ...ids(7), shape: [1] } }, 'INPUT_INVALID', /\[any, any\]/],
    [
      'a shape that the data does not fill',
      { ids: { ...ids(7), shape: [1, 2] } },
      'INPUT_INVALID',
      /1 elements/,
    ],
    ['a negative size', { ids: { ...ids(7), shape: [-1, -1] } }, 'INPUT_INVALID', /\[-1, -1\]/],
    ['an empty tensor', { ids: { ...ids(), shape: [0, 0] } }, 'INPUT_INVALID', /\[0, 0\]/],
    ['an id out of range', { ids: ids(7, 9_999_999) }, 'INPUT_INVALID', /9999999/],
    ['too long a row', { ids: ids(...new Array<number>(129).fill(7)) }, 'INPUT_TOO_LARGE', /128/],
    [
      'too many rows',
      { ids: { type: 'int32', shape: [65, 1], data: new Int32Array(65).fill(7) } },
      'INPUT_TOO_LARGE',
      /takes 64/,
    ],
  ]
  for (const [what, inputs, code, message] of refused)
    test(`refuses ${what}, saying what is wanted`, () =>
      assert.rejects(model().infer(inputs), { code, message }))

  test('refuses texts beyond its limits, saying which', async () => {
    const embed = (texts: string[]) => model().embed!(texts)
    await assert.rejects(embed([]), { code: 'INPUT_INVALID' })
    await assert.rejects(embed(new Array<string>(65).fill('x')), { code: 'INPUT_TOO_LARGE' })
    await assert.rejects(embed(['word '.repeat(200)]), {
      code: 'INPUT_TOO_LARGE',
      message: /Text 0 has \d+ tokens and the model takes 128/,
    })
    await assert.rejects(embed(['x'.repeat(300_000)]), {
      code: 'INPUT_TOO_LARGE',
      message: /bytes/,
    })
  })
}

function assertClose(
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number> | undefined,
  tolerance: number,
): void {
  assert.ok(actual && expected && actual.length > 0 && actual.length === expected.length)
  const worst = Array.from(actual, (value, index) => Math.abs(value - (expected[index] ?? NaN)))
  assert.ok(Math.max(...worst) <= tolerance, `differs by ${Math.max(...worst)}`)
}
