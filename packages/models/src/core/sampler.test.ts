import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { openBackend } from '../runtime/open-backend.ts'
import { encodeSampler, type Sampling, sampleToken } from './sampler.ts'

const vocabularySize = 12
const banned = [0, 1]
const backend = await openBackend('onnx-wasm')
const session = await backend.open(encodeSampler({ vocabularySize, banned }))
after(() => session[Symbol.asyncDispose]())

const sample = (logits: readonly number[], sampling: Partial<Sampling>) =>
  sampleToken(session, Float32Array.from(logits), {
    temperature: 1,
    topK: 0,
    topP: 1,
    uniform: 0.5,
    ...sampling,
  })

const anyLogits = fc.array(fc.float({ min: -8, max: 8, noNaN: true }), {
  minLength: vocabularySize,
  maxLength: vocabularySize,
})

suite('the sampler graph', () => {
  test('takes the likeliest allowed token at temperature 0, the first of equals', async () => {
    await fc.assert(
      fc.asyncProperty(anyLogits, async (logits) => {
        const allowed = logits.slice(banned.length)
        const expected = allowed.indexOf(Math.max(...allowed)) + banned.length
        assert.equal(await sample(logits, { temperature: 0, uniform: 0.99 }), expected)
      }),
    )
  })

  test('chooses as an independent computation in doubles does', async () => {
    const sampling = fc.record({
      temperature: fc.double({ min: 0.1, max: 3, noNaN: true }),
      topK: fc.integer({ min: 0, max: 15 }),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      uniform: fc.integer({ min: 0, max: 0xffffff }).map((value) => value / 0x1000000),
    })
    await fc.assert(
      fc.asyncProperty(anyLogits, sampling, async (logits, options) => {
        const token = await sample(logits, options)
        assert.ok(
          acceptable(logits, options).includes(token),
          `${token} is none of ${acceptable(logits, options)}`,
        )
      }),
      { numRuns: 300 },
    )
  })

  test('never chooses a banned token', async () => {
    const logits = [100, 100, ...new Array<number>(vocabularySize - 2).fill(0)]
    for (const uniform of [0, 0.25, 0.5, 0.75, 1 - 2 ** -24])
      assert.ok((await sample(logits, { uniform })) >= banned.length)
  })

  test('stays inside top k and top p at the ends of the range', async () => {
    const logits = [0, 0, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4]
    const last = 1 - 2 ** -24
    assert.equal(await sample(logits, { topK: 3, uniform: last }), 4)
    assert.equal(await sample(logits, { topP: 0, uniform: last }), 2)
    assert.equal(await sample(logits, { topP: 0.7, uniform: last }), 3)
    assert.equal(await sample(logits, { uniform: 0 }), 2)
  })
})

/** The tokens whose share of the cumulative distribution comes within rounding of `uniform`. */
function acceptable(logits: readonly number[], { temperature, topK, topP, uniform }: Sampling) {
  const tolerance = 1e-5
  const ranked = [...logits.entries()]
    .filter(([token]) => !banned.includes(token))
    .sort(([a, x], [b, y]) => y - x || a - b)
    .slice(0, topK === 0 ? undefined : topK)
  const top = ranked[0]?.[1] ?? 0
  const weights = ranked.map(([, logit]) => Math.exp((logit - top) / temperature))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const tokens: number[] = []
  for (const slack of [-tolerance, 0, tolerance]) {
    let before = 0
    const kept = weights.filter((weight) => {
      const keeps = before <= topP + slack || before === 0
      before += weight / sum
      return keeps
    })
    const total = kept.reduce((all, weight) => all + weight / sum, 0)
    let reached = 0
    for (const [index, weight] of kept.entries()) {
      const from = reached - tolerance
      reached += weight / sum
      const token = ranked[index]?.[0]
      const matches = uniform * total >= from && uniform * total <= reached + tolerance
      if (token !== undefined && matches) tokens.push(token)
    }
  }
  return tokens
}
