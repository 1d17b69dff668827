import { z } from 'zod/mini'

/** The part of a TensorFlow.js `model.json` that describes the weights. */
export const weightsManifestSchema = z.array(
  z.object({
    paths: z.array(z.string()),
    weights: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.number()),
        dtype: z.enum(['float32', 'int32']),
        quantization: z.optional(
          z.object({
            dtype: z.enum(['uint8', 'uint16']),
            scale: z.number(),
            min: z.number(),
          }),
        ),
      }),
    ),
  }),
)

export type WeightsManifest = z.infer<typeof weightsManifestSchema>

/** A weight as it is stored: `quantized` integers stand for integer · scale + min. */
export type Weight =
  | { shape: readonly number[]; kind: 'float32'; data: Float32Array }
  | { shape: readonly number[]; kind: 'int32'; data: Int32Array }
  | {
      shape: readonly number[]
      kind: 'quantized'
      data: Uint8Array | Uint16Array
      scale: number
      min: number
    }

/** Cuts the concatenated shards into named weights (little-endian, in manifest order). */
export function decodeWeights(manifest: WeightsManifest, shards: Uint8Array): Map<string, Weight> {
  const weights = new Map<string, Weight>()
  let offset = 0
  for (const { name, shape, dtype, quantization } of manifest.flatMap((group) => group.weights)) {
    const count = shape.reduce((product, size) => product * size, 1)
    const elementSize = quantization ? (quantization.dtype === 'uint8' ? 1 : 2) : 4
    // A copy, because typed arrays want their offset aligned (and a Buffer's slice is no copy).
    const { buffer } = Uint8Array.from(shards.subarray(offset, offset + count * elementSize))
    offset += count * elementSize
    if (quantization) {
      const data = elementSize === 1 ? new Uint8Array(buffer) : new Uint16Array(buffer)
      weights.set(name, { shape, kind: 'quantized', data, ...pick(quantization) })
    } else if (dtype === 'int32')
      weights.set(name, { shape, kind: 'int32', data: new Int32Array(buffer) })
    else weights.set(name, { shape, kind: 'float32', data: new Float32Array(buffer) })
  }
  if (offset !== shards.length)
    throw new RangeError(`The weights take ${offset} bytes, the shards have ${shards.length}`)
  return weights
}

function pick({ scale, min }: { scale: number; min: number }) {
  return { scale, min }
}
