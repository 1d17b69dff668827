import type { ModelDefinition } from '../core/definition.ts'
import { tinyLmLimits } from '../core/tiny-lm.ts'

export const tinyLmVerifiable: ModelDefinition = {
  id: 'tiny-lm',
  title: 'Tiny language model (demonstration)',
  description:
    'A demonstration of the protocol, not of language: 1.28 million parameters trained on State of the Union addresses and Moby Dick, so its text is nonsense in their style. Attends to the last 96 tokens. Anyone can re-execute an answer bit for bit, sampling included.',
  licence: 'Apache-2.0',
  task: 'generation',
  runtime: 'onnx-wasm',
  architecture: 'tiny-lm',
  files: {
    model: 'bafkreieb7orhjtwcejfadlq7lexo2l7wqpybgvqa6ygkp4ddpofo3wb6i4',
    vocabulary: 'bafkreib6hwhnr3cdr5yrrcy4bsbl2if6fdnnaa7lza2ucr6ngpk436npbi',
  },
  inputs: [{ name: 'ids', type: 'int64', shape: [null, null] }],
  outputs: [{ name: 'logits', type: 'float32', shape: [null, null, tinyLmLimits.vocabularySize] }],
  limits: {
    maxInputTokens: tinyLmLimits.maxInputTokens,
    maxOutputTokens: 1_024,
    maxBatch: 4,
    maxInputBytes: 65_536,
  },
  unit: 'token',
  createdAt: '2026-11-21T00:00:00.000Z',
}
