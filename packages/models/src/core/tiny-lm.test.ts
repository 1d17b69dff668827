import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { loadFiles } from '../catalog/load-files.ts'
import { tinyLmVerifiable } from '../catalog/tiny-lm.ts'
import type { GenerateChunk, GenerateRequest } from '../interface.ts'
import { openBackend } from '../runtime/open-backend.ts'
import { openModel } from './model.ts'

const files = await loadFiles('tiny-lm')
const model = await openModel(await openBackend('onnx-wasm'), tinyLmVerifiable, files)

const base: GenerateRequest = {
  prompt: 'The President of the United States',
  maxTokens: 20,
  temperature: 0.8,
  topK: 40,
  seed: 1,
  stop: [],
}

async function generate(changes: Partial<GenerateRequest> = {}, signal?: AbortSignal) {
  const chunks: GenerateChunk[] = []
  for await (const chunk of model.generate!({ ...base, ...changes }, signal ? { signal } : {}))
    chunks.push(chunk)
  const end = chunks.at(-1)
  assert.ok(end?.type === 'end', 'the last chunk says how it ended')
  const texts = chunks.filter((chunk) => chunk.type === 'text')
  return { text: texts.map((chunk) => chunk.text).join(''), texts, end }
}

suite('the demonstration language model', () => {
  test('equal seeds give equal text, other seeds other text', async () => {
    const first = await generate()
    assert.equal((await generate()).text, first.text)
    assert.notEqual((await generate({ seed: 2 })).text, first.text)
    assert.deepEqual(first.end, {
      type: 'end',
      reason: 'length',
      promptTokens: 6,
      completionTokens: 20,
    })
  })

  test('temperature 0 takes the likeliest token whatever the seed', async () => {
    const greedy = await generate({ temperature: 0 })
    assert.equal((await generate({ temperature: 0, seed: 99 })).text, greedy.text)
    assert.equal((await generate({ topK: 1 })).text, greedy.text)
    assert.equal((await generate({ topP: 0 })).text, greedy.text)
  })

  test('text arrives token by token and the counts add up', async () => {
    const { texts, end } = await generate()
    assert.ok(texts.length > 10)
    assert.equal(
      texts.reduce((sum, { tokens }) => sum + tokens, 0),
      end.completionTokens,
    )
  })

  test('a stop text ends generation and is not shown', async () => {
    const { text } = await generate()
    const stop = text.trim().split(' ')[2] ?? ''
    const stopped = await generate({ stop: [stop] })
    assert.equal(stopped.end.reason, 'stop')
    assert.equal(stopped.text, text.slice(0, text.indexOf(stop)))
    assert.ok(stopped.end.completionTokens < 20)
  })

  test('goes on past its context of 96 tokens', async () => {
    const { end } = await generate({ prompt: 'word '.repeat(90), maxTokens: 30, temperature: 0 })
    assert.ok(end.promptTokens >= 90)
    assert.ok(end.completionTokens > 0)
  })

  test('an abort stops it and the end says what was made', async () => {
    const controller = new AbortController()
    let seen = 0
    const options = { signal: controller.signal }
    for await (const chunk of model.generate!({ ...base, maxTokens: 1_000 }, options)) {
      if (chunk.type === 'text') seen += chunk.tokens
      if (seen >= 3) controller.abort()
      if (chunk.type === 'end')
        assert.deepEqual(chunk, {
          type: 'end',
          reason: 'aborted',
          promptTokens: 6,
          completionTokens: seen,
        })
    }
    assert.ok(seen >= 3 && seen < 10)
  })

  test('counts tokens as it charges for them', async () => {
    const { end } = await generate({ prompt: 'naïve façade 🙂 2026', maxTokens: 1 })
    assert.equal(model.countTokens!('naïve façade 🙂 2026'), end.promptTokens)
  })

  test('a conversation becomes its texts in order', () => {
    const messages = [
      { role: 'system', content: 'Be brief. ' },
      { role: 'user', content: ' Hello' },
    ]
    assert.equal(model.chatPrompt!(messages), 'Be brief. Hello')
  })

  test('refuses requests that it cannot serve, saying why', async () => {
    const refused: [Partial<GenerateRequest>, string, RegExp][] = [
      [{ prompt: ' \n' }, 'INPUT_INVALID', /prompt is empty/],
      [{ maxTokens: 0 }, 'INPUT_INVALID', /maxTokens is 0/],
      [{ maxTokens: 1e9 }, 'INPUT_TOO_LARGE', /at most 1024/],
      [{ temperature: -1 }, 'INPUT_INVALID', /temperature/],
      [{ temperature: Number.NaN }, 'INPUT_INVALID', /temperature/],
      [{ topK: 1.5 }, 'INPUT_INVALID', /topK/],
      [{ topP: 2 }, 'INPUT_INVALID', /topP/],
      [{ seed: 0.5 }, 'INPUT_INVALID', /seed/],
      [{ stop: [''] }, 'INPUT_INVALID', /stop/],
      [{ prompt: 'a '.repeat(40_000) }, 'INPUT_TOO_LARGE', /bytes/],
      [{ prompt: 'a '.repeat(5_000) }, 'INPUT_TOO_LARGE', /5000 tokens/],
    ]
    for (const [changes, code, message] of refused)
      await assert.rejects(
        generate(changes),
        { code, message },
        JSON.stringify(changes).slice(0, 60),
      )
  })

  test('gives logits for token ids, and refuses ids that it has not', async () => {
    const infer = (...ids: bigint[]) =>
      model.infer({
        ids: { type: 'int64', shape: [1, ids.length], data: BigInt64Array.from(ids) },
      })
    assert.deepEqual((await infer(5n, 6n)).logits?.shape, [1, 2, 1_840])
    await assert.rejects(infer(5n, 1_840n), { code: 'INPUT_INVALID', message: /1840/ })
    await assert.rejects(infer(-1n), { code: 'INPUT_INVALID' })
    await assert.rejects(infer(...new Array<bigint>(97).fill(5n)), { code: 'INPUT_TOO_LARGE' })
  })
})
