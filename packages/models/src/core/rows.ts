import type { Tensor } from '../interface.ts'
import type { Session } from './backend.ts'
import { modelError } from './errors.ts'
import { concatRows, sliceRows } from './tensor.ts'

/**
 * Runs each row alone (batch 1), so that an answer never depends on what it was asked together with.
 * All inputs have the same number of rows.
 */
export async function runByRow(
  session: Session,
  inputs: Record<string, Tensor>,
): Promise<Record<string, Tensor>> {
  const rows = Object.values(inputs)[0]?.shape[0] ?? 0
  const results: Record<string, Tensor>[] = []
  for (let row = 0; row < rows; row++)
    results.push(
      await session.run(
        Object.fromEntries(
          Object.entries(inputs).map(([name, tensor]) => [name, sliceRows(tensor, row, row + 1)]),
        ),
      ),
    )
  const names = Object.keys(results[0] ?? {})
  return Object.fromEntries(
    names.map((name) => [name, concatRows(results.map((result) => outputNamed(result, name)))]),
  )
}

export function outputNamed(outputs: Record<string, Tensor>, name: string): Tensor {
  const output = outputs[name]
  if (output === undefined) throw modelError('MODEL_FAILED', `The model has no output ${name}`)
  return output
}

export function float32Data(outputs: Record<string, Tensor>, name: string): Float32Array {
  const { data, type } = outputNamed(outputs, name)
  if (data instanceof Float32Array) return data
  throw modelError('MODEL_FAILED', `Output ${name} is ${type}, not float32`)
}
