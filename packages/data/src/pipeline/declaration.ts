import { CodedError } from '@quoin/kernel'
import { z } from 'zod'
import type { DataErrorCode } from '../errors.ts'
import { tableFormats } from '../format.ts'

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'a letter or _, then letters, digits and _, at most 63')
const format = z.enum(tableFormats)
const parts = z.record(name, z.int().min(1).max(9999))

const sqlStep = z.strictObject({ table: name, sql: z.string().min(1).max(100_000) })
const splitStep = z.strictObject({
  split: z.strictObject({
    from: name,
    /** Another seed, another split. */
    seed: z.string().min(1).max(64),
    /** Tables and their shares in basis points, 10,000 together. */
    parts,
    /** Each value of this column is shared out alike. */
    stratifyBy: z.string().min(1).max(256).optional(),
  }),
})

/** What makes tables of tables: SQL steps, one after the other, and splits by a seed. */
export const pipelineSchema = z.strictObject({
  kind: z.literal('quoin/pipeline/1'),
  /** Artifacts under the names by which steps know them. */
  inputs: z.record(name, z.strictObject({ cid: z.string().min(1).max(128), format })),
  steps: z.array(z.union([sqlStep, splitStep])).max(64),
  outputs: z.record(name, z.strictObject({ table: name, format })),
})

export type Pipeline = z.infer<typeof pipelineSchema>
export type SplitStep = z.infer<typeof splitStep>['split']

/** @throws CodedError `INVALID_PIPELINE` names each place that is wrong */
export function parsePipeline(value: unknown): Pipeline {
  const parsed = pipelineSchema.safeParse(value)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { inputs, steps, outputs } = parsed.data
  if (Object.keys(inputs).length === 0) throw invalid('there are no inputs')
  if (Object.keys(outputs).length === 0) throw invalid('there are no outputs')
  const tables = new Set<string>()
  for (const table of Object.keys(inputs)) add(tables, table)
  for (const step of steps) {
    if ('sql' in step) add(tables, step.table)
    else addSplit(tables, step.split)
  }
  for (const [output, { table }] of Object.entries(outputs))
    if (!tables.has(table.toLowerCase()))
      throw invalid(`the output ${output} is of the table ${table}, which no step makes`)
  return parsed.data
}

function addSplit(tables: Set<string>, split: SplitStep): void {
  if (!tables.has(split.from.toLowerCase()))
    throw invalid(`a split is of the table ${split.from}, which no step before makes`)
  const sum = Object.values(split.parts).reduce((total, share) => total + share, 0)
  if (sum !== 10_000) throw invalid(`the parts of ${split.from} are ${sum} basis points, not 10000`)
  for (const part of Object.keys(split.parts)) add(tables, part)
}

function add(tables: Set<string>, table: string): void {
  const key = table.toLowerCase()
  if (tables.has(key)) throw invalid(`two tables are named ${table}`)
  tables.add(key)
}

function invalid(what: string): CodedError<DataErrorCode> {
  return new CodedError<DataErrorCode>('INVALID_PIPELINE', `The pipeline is wrong: ${what}`)
}
