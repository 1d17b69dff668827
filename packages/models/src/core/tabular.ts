import type { Tensor } from '../interface.ts'
import type { Backend } from './backend.ts'
import type { Architecture, Engine } from './engine.ts'
import { modelError } from './errors.ts'
import { fileNamed } from './files.ts'
import { runByRow } from './rows.ts'
import { readTabularSchema, type TabularSchema } from './tabular-schema.ts'
import { elementCount } from './tensor.ts'

type Input = TabularSchema['inputs'][number]

/** Models of rows, their encodings in the graph: numbers and texts → probabilities or values. */
export const tabular: Architecture = {
  version: 1,
  async open(backend, files) {
    const model = fileNamed(files, 'model')
    return createEngine(backend, { model, schema: readTabularSchema(model) })
  },
}

async function createEngine(
  backend: Backend,
  { model, schema }: { model: Uint8Array; schema: TabularSchema },
): Promise<Engine> {
  const session = await backend.open(model)
  const checks = schema.inputs.map((input) => ({ input, known: new Set(input.categories) }))
  return {
    async infer(inputs) {
      for (const { input, known } of checks) checkInput(input, inputs[input.name], known)
      return backend.batches ? session.run(inputs) : runByRow(session, inputs)
    },
    async exercise() {
      await session.run(Object.fromEntries(schema.inputs.map((one) => [one.name, oneRow(one)])))
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** What the graph would silently turn into some number is refused here. */
function checkInput(input: Input, tensor: Tensor | undefined, known: ReadonlySet<string>): void {
  if (tensor === undefined) throw modelError('INPUT_INVALID', `The input ${input.name} is missing`)
  const rowSize = elementCount(tensor.shape.slice(1))
  const where = (at: number) => `${input.name} in row ${Math.floor(at / rowSize)}`
  if (Array.isArray(tensor.data)) {
    for (const [at, text] of tensor.data.entries()) checkText(input, { text, known, at: where(at) })
  } else if (tensor.data instanceof Float64Array || tensor.data instanceof Float32Array)
    for (let at = 0; at < tensor.data.length; at++) {
      const value = Number(tensor.data[at])
      if (Number.isFinite(value) || (Number.isNaN(value) && input.missing)) continue
      throw modelError(
        'INPUT_INVALID',
        `${where(at)} is ${value}: ${input.missing ? 'send a number, or null where it is missing' : 'this model takes no missing values'}`,
      )
    }
}

function checkText(
  input: Input,
  { text, known, at }: { text: string; known: ReadonlySet<string>; at: string },
): void {
  if (text === '' && !input.missing)
    throw modelError('INPUT_INVALID', `${at} is empty: this model takes no missing values`)
  if (input.unseen !== 'refuse' || known.has(text)) return
  const some = [...known].slice(0, 20).map((one) => JSON.stringify(one))
  const more = known.size > 20 ? ` and ${known.size - 20} more` : ''
  throw modelError(
    'INPUT_INVALID',
    `${at} is ${JSON.stringify(text.slice(0, 100))}, a category that the model has not learnt: it knows ${some.join(', ')}${more}`,
  )
}

function oneRow({ type, shape, categories }: Input): Tensor {
  const row = [1, ...shape.slice(1).map((side) => side ?? 1)]
  const count = elementCount(row)
  switch (type) {
    case 'string':
      return { type, shape: row, data: new Array<string>(count).fill(categories?.[0] ?? '') }
    case 'uint8':
      return { type, shape: row, data: new Uint8Array(count) }
    case 'float32':
      return { type, shape: row, data: new Float32Array(count) }
    case 'float64':
      return { type, shape: row, data: new Float64Array(count) }
  }
}
