import { z } from 'zod'
import { tableFormats } from '../format.ts'

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/)
const format = z.enum(tableFormats)
const file = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/)

/** What the session asks of the engine's process. */
export const callSchema = z.discriminatedUnion('method', [
  z.object({
    method: z.literal('open'),
    directory: z.string(),
    sources: z.record(name, z.object({ path: z.string(), format })),
    as: z.enum(['table', 'documents']),
    isDeterministic: z.boolean(),
    limits: z.object({
      queryMs: z.number(),
      memoryBytes: z.number(),
      diskBytes: z.number(),
      rows: z.number(),
    }),
  }),
  z.object({ method: z.literal('query'), sql: z.string(), maxRows: z.number() }),
  z.object({ method: z.literal('rows') }),
  z.object({ method: z.literal('openValues'), table: name }),
  z.object({ method: z.literal('values') }),
  z.object({ method: z.literal('createTable'), name, sql: z.string() }),
  z.object({ method: z.literal('run'), sql: z.string() }),
  z.object({ method: z.literal('columns'), table: name }),
  z.object({ method: z.literal('export'), table: name, file, format }),
])

export type Call = z.infer<typeof callSchema>

/** What the engine's process answers. */
export const replySchema = z.union([
  z.object({ id: z.number(), result: z.unknown() }),
  z.object({ id: z.number(), error: z.object({ code: z.string(), message: z.string() }) }),
])
