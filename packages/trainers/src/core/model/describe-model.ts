import type { TabularSchema } from '@quoin/models/core'
import type { FittedFeature } from '../encoding/fit-encoding.ts'
import type { FittedModel } from './write-model.ts'

type Input = TabularSchema['inputs'][number]

/** What the model takes and gives, as its file says it to whoever serves it. */
export function describeModel(
  { encoding, target }: FittedModel,
  training: TabularSchema['training'],
): TabularSchema {
  const inputs = encoding.features.flatMap(describeFeature)
  if (target.kind === 'values')
    return {
      version: 1,
      task: 'regression',
      inputs,
      outputs: [{ name: 'value', type: 'float32', shape: [null] }],
      training,
    }
  return {
    version: 1,
    task: 'classification',
    inputs,
    outputs: [
      { name: 'probabilities', type: 'float32', shape: [null, target.classes.length] },
      { name: 'label', type: 'string', shape: [null] },
    ],
    classes: [...target.classes],
    training,
  }
}

function describeFeature(fitted: FittedFeature): Input[] {
  switch (fitted.kind) {
    case 'numeric': {
      const { columns, input, missing } = fitted.feature
      const base = { type: 'float64' as const, missing: missing !== 'refuse' }
      if (input !== undefined)
        return [{ ...base, name: input, shape: [null, columns.length], columns }]
      return columns.map((name) => ({ ...base, name, shape: [null, 1] }))
    }
    case 'categorical':
      return fitted.feature.columns.map((name, index) => ({
        name,
        type: 'string',
        shape: [null, 1],
        missing: fitted.feature.missing === 'category',
        categories: fitted.categories[index] ?? [],
        unseen: fitted.feature.unseen,
      }))
    case 'tensor':
      return [
        {
          name: fitted.feature.column,
          type: fitted.type,
          shape: [null, ...fitted.shape],
          missing: false,
        },
      ]
  }
}
