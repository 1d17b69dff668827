import { byteSize, type ModelManifest, type Tensor } from '@quoin/models'
import { z } from 'zod'
import type { CallPlan } from '../call/call-plan.ts'
import { gatewayError } from '../errors.ts'
import { assertInputSize } from '../input-size.ts'
import type { Offer } from '../service.ts'
import { parseInputs, TensorJson, tensorToJsonText } from './tensors.ts'

/** Open Inference Protocol v2, "Inference Request JSON Object". */
export const InferenceRequest = z
  .object({
    id: z.string().max(256).optional(),
    inputs: z.array(TensorJson).min(1),
    outputs: z
      .array(z.object({ name: z.string() }))
      .optional()
      .describe('The outputs to give; all when absent'),
  })
  .meta({ id: 'InferenceRequest' })

export const InferenceAnswer = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    outputs: z.array(TensorJson),
  })
  .meta({ id: 'InferenceAnswer' })

/** Tensors are metered by rows (the first side of the first input); token models by its elements. */
export function planInference(offer: Offer, request: z.output<typeof InferenceRequest>): CallPlan {
  const { name, version, model } = offer
  const inputs = parseInputs(model.manifest, request.inputs)
  const bytes = Object.values(inputs).reduce((sum, { data }) => sum + byteSize(data), 0)
  assertInputSize(model, bytes, 'inputs')
  checkOutputs(model.manifest, request.outputs)
  const units = { in: countUnits(model.manifest, inputs), out: 0 }
  const wanted = request.outputs?.map(({ name }) => name)
  return {
    offer,
    ceiling: units,
    answer: {
      kind: 'whole',
      async run(signal) {
        const outputs = await model.infer(inputs, { signal })
        const texts = Object.entries(outputs)
          .filter(([name]) => wanted?.includes(name) ?? true)
          .map(([name, tensor]) => tensorToJsonText(name, tensor))
        const id = request.id === undefined ? {} : { id: request.id }
        const head = JSON.stringify({ model_name: name, model_version: version, ...id })
        return { body: `${head.slice(0, -1)},"outputs":[${texts.join(',')}]}`, units }
      },
    },
  }
}

function checkOutputs(manifest: ModelManifest, outputs: { name: string }[] | undefined): void {
  const unknown = outputs?.find(({ name }) => !manifest.outputs.some((one) => one.name === name))
  if (!unknown) return
  const names = manifest.outputs.map(({ name }) => name).join(', ')
  throw gatewayError('REQUEST_INVALID', `outputs: there is no ${unknown.name}, only ${names}`)
}

function countUnits(manifest: ModelManifest, inputs: Record<string, Tensor>): number {
  const first = inputs[manifest.inputs[0]?.name ?? '']
  if (!first) return 1
  const rows = first.shape[0] ?? 1
  if (rows > manifest.limits.maxBatch)
    throw gatewayError(
      'REQUEST_INVALID',
      `${manifest.inputs[0]?.name} has ${rows} rows; ${manifest.id} takes at most ${manifest.limits.maxBatch}`,
    )
  return manifest.unit === 'row' ? rows : first.data.length
}
