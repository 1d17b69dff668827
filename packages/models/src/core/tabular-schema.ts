import { z } from 'zod/mini'
import { readMetadata } from '../onnx/index.ts'
import { modelError } from './errors.ts'

/** Where a tabular model keeps its schema: a fact in its ONNX file. */
export const tabularSchemaKey = 'quoin.tabular'

const shape = z.array(z.nullable(z.int().check(z.gte(0)))).check(z.minLength(1), z.maxLength(8))
const name = z.string().check(z.minLength(1), z.maxLength(256))

const tabularSchema = z.strictObject({
  version: z.literal(1),
  task: z.enum(['classification', 'regression']),
  inputs: z.array(
    z.strictObject({
      name,
      type: z.enum(['float64', 'float32', 'uint8', 'string']),
      shape,
      /** The names of the columns that one tensor holds, where it holds several. */
      columns: z.optional(z.array(name)),
      /** Whether NaN, or the empty text, stands for a missing value; else it is refused. */
      missing: z.boolean(),
      /** The texts that the model knows. */
      categories: z.optional(z.array(z.string())),
      unseen: z.optional(z.enum(['refuse', 'ignore'])),
    }),
  ),
  outputs: z.array(z.strictObject({ name, type: z.enum(['float32', 'string']), shape })),
  classes: z.optional(z.array(z.string())),
  /** Hashes of what the model was made from. */
  training: z.strictObject({
    declaration: z.string(),
    table: z.string(),
    runtimeId: z.string(),
  }),
})

/** What a model of rows takes and gives, so that it can be served from its file alone. */
export type TabularSchema = z.output<typeof tabularSchema>

/** @throws CodedError `MODEL_CORRUPT` when the file is not a tabular model */
export function readTabularSchema(model: Uint8Array): TabularSchema {
  const text = readMetadata(model).get(tabularSchemaKey)
  if (text === undefined)
    throw modelError('MODEL_CORRUPT', `The ONNX file has no schema of rows (${tabularSchemaKey})`)
  const parsed = z.safeParse(tabularSchema, parseJson(text))
  if (parsed.success) return parsed.data
  throw modelError('MODEL_CORRUPT', "The ONNX file's schema of rows has an unexpected form", {
    cause: parsed.error,
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw modelError('MODEL_CORRUPT', "The ONNX file's schema of rows is no JSON", { cause })
  }
}
