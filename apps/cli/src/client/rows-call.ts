import { z } from 'zod'
import { cliError } from '../exit-codes.ts'

const tensorSpec = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.number().int()),
})
const Metadata = z.object({ name: z.string(), inputs: z.array(tensorSpec) })
const Answer = z.object({
  model_version: z.string(),
  outputs: z.array(tensorSpec.extend({ data: z.array(z.unknown()) })),
})
export type RowsAnswer = z.infer<typeof Answer>

const row = z.record(z.string(), z.union([z.unknown().array(), z.unknown()]))
const Rows = z.union([row, z.array(row).min(1)])

/**
 * Rows of JSON to a model that takes raw rows, by Open Inference v2: `{"petal": 1.4, "colour": "red"}`, or a
 * list of such.
 * @throws CodedError `USAGE` naming what the model takes
 */
export async function callRows(
  { url, model, text, signal }: { url: string; model: string; text: string; signal: AbortSignal },
  pay: typeof fetch,
): Promise<RowsAnswer> {
  const path = `${url}/v2/models/${encodeURIComponent(model)}`
  const metadata = Metadata.parse(await (await fetch(path, { signal })).json())
  const rows = readRows(text, metadata.inputs)
  const response = await pay(`${path}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: metadata.inputs.map((input) => tensorOf(input, rows)) }),
    signal,
  })
  const body: unknown = await response.json()
  if (response.ok) return Answer.parse(body)
  const { data } = z.object({ error: z.string() }).safeParse(body)
  throw cliError('REFUSED', data?.error ?? `${path}/infer answered ${response.status}`)
}

function readRows(text: string, inputs: z.infer<typeof tensorSpec>[]) {
  const example = `{${inputs.map(({ name, datatype, shape }) => `"${name}": ${exampleOf(datatype, shape)}`).join(', ')}}`
  const parsed = Rows.safeParse(parseJson(text))
  if (!parsed.success)
    throw cliError('USAGE', `This model takes rows as JSON, one or a list: ${example}`)
  return [parsed.data].flat()
}

function tensorOf(
  { name, datatype, shape }: z.infer<typeof tensorSpec>,
  rows: z.infer<typeof row>[],
) {
  const width = shape.slice(1).reduce((product, side) => product * side, 1)
  const data = rows.flatMap((values, at) => {
    const cells = [values[name]].flat()
    if (cells.length === width && cells.every((cell) => cell !== undefined)) return cells
    const found = cells[0] === undefined ? 'is missing' : `has ${cells.length} values, not ${width}`
    throw cliError('USAGE', `Row ${at}: ${name} ${found}`)
  })
  return { name, datatype, shape: [rows.length, ...shape.slice(1)], data }
}

function exampleOf(datatype: string, shape: number[]): string {
  const one = datatype === 'BYTES' ? '"…"' : '0'
  const width = shape.slice(1).reduce((product, side) => product * side, 1)
  return width === 1 ? one : `[${one}, … ${width} in all]`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
