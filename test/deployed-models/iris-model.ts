import { contentId } from '@quoin/models/core'
import { declareTraining, openBackend, trainModel } from '@quoin/trainers'
import { irisTable } from '../../packages/trainers/src/test-support/data-sets.ts'

const names = ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'] as const

/** A model of Fisher's irises, and its CID; other iterations give another model. */
export async function trainIris(maxIterations: number) {
  const declaration = await declareTraining({
    task: 'classification',
    target: 'species',
    features: [{ kind: 'numeric', columns: [...names] }],
    algorithm: { kind: 'logistic', maxIterations },
  })
  const backend = await openBackend('onnx-wasm')
  const { model } = await trainModel({ declaration, table: irisTable(), backend })
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
