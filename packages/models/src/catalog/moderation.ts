import type { ModelDefinition } from '../core/definition.ts'
import { moderationClasses, moderationLimits } from '../core/moderation.ts'

const { size, channels } = moderationLimits

export const moderationVerifiable: ModelDefinition = {
  id: 'moderation',
  title: 'Image moderation',
  description: `Sorts RGB images of ${size} × ${size} pixels into ${moderationClasses.join(', ')} (MobileNetV2 of nsfwjs): probabilities in that order. Values in 0..1 as float32, or bytes as uint8. Anyone can re-execute an answer bit for bit.`,
  licence: 'MIT',
  task: 'classification',
  runtime: 'onnx-wasm',
  architecture: 'moderation',
  files: { model: 'bafkreibcuuyustr7xcsyjdttyje2pvbwqcsf4bf3hrry25na5dyw6firoi' },
  inputs: [
    { name: 'image', type: 'float32', shape: [null, size, size, channels], alternative: 'uint8' },
  ],
  outputs: [{ name: 'probabilities', type: 'float32', shape: [null, moderationClasses.length] }],
  limits: { maxBatch: 8, maxInputBytes: 8 * size * size * channels * 4 },
  unit: 'row',
  createdAt: '2026-11-21T00:00:00.000Z',
}
