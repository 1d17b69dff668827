import { bytesToHex } from '@quoin/kernel'
import type { Backend } from '../core/backend.ts'
import { sha256 } from '../core/content-id.ts'
import type { ModelDefinition } from '../core/definition.ts'
import type { ModelFiles } from '../core/engine.ts'
import { openModel } from '../core/model.ts'
import type { Model } from '../interface.ts'
import { testImages } from './images.ts'

/** sha256 of what a model answers to fixed questions: equal hashes, equal bits. In browsers too. */
export async function hashAnswers(
  backend: Backend,
  definition: ModelDefinition,
  files: ModelFiles,
): Promise<Record<string, string>> {
  await using model = await openModel(backend, definition, files)
  return await hashModelAnswers(model)
}

export async function hashModelAnswers(model: Model): Promise<Record<string, string>> {
  const answers: Record<string, string> = { runtimeId: model.manifest.runtimeId }
  if (model.embed) {
    const texts = [
      'Hello world',
      'A receipt binds what was asked, answered and charged.',
      'ñ 日本 ½',
    ]
    const { vectors } = await model.embed(texts)
    for (const [index, vector] of vectors.entries()) answers[`vector${index}`] = await hash(vector)
  }
  if (model.generate) {
    answers.sampled = await generateText(model, 'The President of the United States', 1)
    answers.greedy = await generateText(model, 'Call me Ishmael.', 0)
  }
  if (model.manifest.task === 'classification')
    for (const [name, data] of Object.entries(testImages())) {
      const image = { type: 'uint8' as const, shape: [1, 224, 224, 3], data }
      const { probabilities } = await model.infer({ image })
      if (probabilities?.data instanceof Float32Array)
        answers[name] = await hash(probabilities.data)
    }
  return answers
}

async function generateText(model: Model, prompt: string, temperature: number): Promise<string> {
  const request = { prompt, temperature, topK: 40, topP: 0.95, seed: 7, maxTokens: 50, stop: [] }
  let text = ''
  for await (const chunk of model.generate?.(request) ?? [])
    text += chunk.type === 'text' ? chunk.text : `|${chunk.reason} ${chunk.completionTokens}`
  return text
}

async function hash({ buffer, byteOffset, byteLength }: ArrayBufferView): Promise<string> {
  return bytesToHex(await sha256(new Uint8Array(buffer, byteOffset, byteLength)))
}
