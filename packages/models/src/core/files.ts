import { z } from 'zod/mini'
import type { ModelFiles } from './engine.ts'
import { modelError } from './errors.ts'

export function fileNamed(files: ModelFiles, role: string): Uint8Array {
  const file = files[role]
  if (file === undefined)
    throw modelError('MODEL_CORRUPT', `The model's files lack the one named ${role}`)
  return file
}

export function parseJsonFile<T>(files: ModelFiles, role: string, schema: z.ZodMiniType<T>): T {
  // A copy, because text decoders of browsers refuse shared memory.
  const text = new TextDecoder().decode(Uint8Array.from(fileNamed(files, role)))
  const parsed = z.safeParse(schema, JSON.parse(text))
  if (parsed.success) return parsed.data
  throw modelError('MODEL_CORRUPT', `The model's ${role} has an unexpected form`, {
    cause: parsed.error,
  })
}
