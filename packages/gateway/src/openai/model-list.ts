import { z } from 'zod'
import type { Offer } from '../service.ts'

/** OpenAI's model object, with what Quoin knows beyond it under `quoin`. */
export const ModelObject = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    quoin: z.object({
      title: z.string(),
      version: z.string(),
      task: z.string(),
      class: z.enum(['verifiable', 'fast']),
      serviceId: z.string(),
      modelCid: z.string(),
      runtimeId: z.string(),
      unit: z.enum(['token', 'row']),
      callAtomic: z.string(),
      inAtomicPerMillion: z.string(),
      outAtomicPerMillion: z.string(),
    }),
  })
  .meta({ id: 'Model' })

export const ModelList = z.object({ object: z.literal('list'), data: z.array(ModelObject) })

export function offerToModelObject({
  name,
  version,
  service,
  model,
}: Offer): z.output<typeof ModelObject> {
  const { title, task, modelCid, runtimeId, unit, createdAt } = model.manifest
  return {
    id: name,
    object: 'model',
    created: Math.floor(Date.parse(createdAt) / 1000) || 0,
    owned_by: 'quoin',
    quoin: {
      title,
      version,
      task,
      class: service.class,
      serviceId: service.serviceId,
      modelCid,
      runtimeId,
      unit,
      callAtomic: String(service.callAtomic),
      inAtomicPerMillion: String(service.inAtomicPerMillion),
      outAtomicPerMillion: String(service.outAtomicPerMillion),
    },
  }
}
