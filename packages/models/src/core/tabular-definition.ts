import type { RuntimeName } from '../interface.ts'
import { contentId } from './content-id.ts'
import type { ModelDefinition } from './definition.ts'
import { readTabularSchema } from './tabular-schema.ts'

/** What an operator says of a model of rows; the file says the rest. */
export interface TabularOffer {
  id: string
  title: string
  description: string
  licence: string
  runtime: RuntimeName
  createdAt: string
}

const limits = { maxBatch: 1_024, maxInputBytes: 8 * 2 ** 20 }

/**
 * The definition that serves a trained ONNX file by Open Inference v2.
 * @throws CodedError `MODEL_CORRUPT` when the file is not a model of rows
 */
export async function defineTabular(
  offer: TabularOffer,
  model: Uint8Array,
): Promise<ModelDefinition> {
  const { task, inputs, outputs } = readTabularSchema(model)
  return {
    ...offer,
    architecture: 'tabular',
    files: { model: await contentId(model) },
    task,
    inputs: inputs.map(({ name, type, shape }) => ({ name, type, shape })),
    outputs,
    limits,
    unit: 'row',
  }
}
