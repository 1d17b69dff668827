import type { Backend, Tensor } from '@quoin/models/core'
import { chunksOf } from '../chunks.ts'
import type { FittedEncoding } from '../encoding/fit-encoding.ts'
import { rawInputs } from '../encoding/raw-inputs.ts'
import type { Table } from '../table.ts'

/** What the model file answers to raw rows: probabilities (rows × classes) or values. */
export async function predictRows(
  backend: Backend,
  model: Uint8Array,
  options: {
    encoding: FittedEncoding
    table: Table
    rows: Int32Array
    signal: AbortSignal | undefined
  },
): Promise<Float32Array> {
  const { encoding, table, rows, signal } = options
  await using session = await backend.open(model)
  const parts: Float32Array[] = []
  for (const { from, to } of chunksOf(rows.length, encoding.width)) {
    signal?.throwIfAborted()
    const answers = await session.run(rawInputs(table, encoding, rows.subarray(from, to)))
    parts.push(floatAnswers(answers))
  }
  return joinFloats(parts)
}

function floatAnswers({ probabilities, value }: Record<string, Tensor>): Float32Array {
  const { data } = probabilities ?? value ?? {}
  if (data instanceof Float32Array) return data
  throw new RangeError('The model gave neither probabilities nor values')
}

function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
