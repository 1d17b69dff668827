import type { RuntimeName } from '../interface.ts'
import { checkForeignModel } from '../onnx/index.ts'
import { contentId } from './content-id.ts'
import type { ModelDefinition } from './definition.ts'
import { modelError } from './errors.ts'
import { readTabularSchema } from './tabular-schema.ts'

/** What an operator says of a model of rows; the file says the rest. */
export interface TabularOffer {
  id: string
  title: string
  description: string
  licence: string
  runtime: RuntimeName
  createdAt: string
  /** Its CID as an artifact, where that is not the file's own. */
  artifactCid?: string
}

const limits = { maxBatch: 1_024, maxInputBytes: 8 * 2 ** 20 }

/** A model of rows is some megabytes; one of this size still opens in a worker's memory. */
export const maxTabularBytes = 64 * 2 ** 20

/**
 * The definition that serves a trained ONNX file, whoever made it, by Open Inference v2.
 * @throws CodedError `MODEL_CORRUPT` when the file is not a model of rows, or one that is not safe to open
 */
export async function defineTabular(
  offer: TabularOffer,
  model: Uint8Array,
): Promise<ModelDefinition> {
  if (model.length > maxTabularBytes)
    throw modelError(
      'MODEL_CORRUPT',
      `The model has ${model.length} bytes; at most ${maxTabularBytes} are served`,
    )
  checkForeignModel(model)
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
