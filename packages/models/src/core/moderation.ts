import type { Tensor } from '../interface.ts'
import type { Backend, Session } from './backend.ts'
import type { Architecture, Engine } from './engine.ts'
import { modelError } from './errors.ts'
import { fileNamed } from './files.ts'
import { runByRow } from './rows.ts'

export const moderationLimits = { size: 224, channels: 3 }

/** What the probabilities stand for, in order. */
export const moderationClasses = ['drawing', 'hentai', 'neutral', 'porn', 'sexy'] as const

/** MobileNetV2 image moderation: RGB images in 0..1 (or bytes) → five probabilities. */
export const moderation: Architecture = {
  version: 1,
  async open(backend, files) {
    return createClassifier(backend, await backend.open(fileNamed(files, 'model')))
  },
}

function createClassifier(backend: Backend, session: Session): Engine {
  return {
    async infer({ image }) {
      const inputs = { image: toUnitRange(image) }
      return backend.batches ? session.run(inputs) : runByRow(session, inputs)
    },
    async exercise() {
      const { size, channels } = moderationLimits
      const data = new Float32Array(size * size * channels).fill(0.5)
      await session.run({ image: { type: 'float32', shape: [1, size, size, channels], data } })
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

function toUnitRange(image: Tensor | undefined): Tensor {
  if (image === undefined) throw modelError('INPUT_INVALID', 'The input image is missing')
  if (image.data instanceof Uint8Array)
    return {
      type: 'float32',
      shape: image.shape,
      data: Float32Array.from(image.data, (byte) => byte / 255),
    }
  checkUnitRange(image.data)
  return image
}

/** An indexed loop: iterators and callbacks cost ten times as much on 150,000 values. */
function checkUnitRange(data: Tensor['data']): void {
  for (let index = 0; index < data.length; index++) {
    const value = Number(data[index])
    if (!(value >= 0 && value <= 1))
      throw modelError(
        'INPUT_INVALID',
        `image contains ${value} at element ${index}: values go from 0 to 1, so divide bytes by 255`,
      )
  }
}
