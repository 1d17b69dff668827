import type { Backend } from '@quoin/models/core'
import { squareRoot } from './arithmetic.ts'
import type { Declaration } from './declaration.ts'
import { encodeRows } from './encoding/encode-rows.ts'
import { type FittedEncoding, fitEncoding } from './encoding/fit-encoding.ts'
import { type CurvePoint, type FitState, fitRounds } from './fit-rounds.ts'
import type { FittedModel, ValueScale } from './model/write-model.ts'
import type { Table } from './table.ts'
import type { Target } from './target.ts'
import type { Examples, Form, Problem } from './trainers/trainer.ts'
import { openTrainer } from './trainers/trainer-kinds.ts'

/** What all fits of one training share. */
export interface TrainingContext {
  backend: Backend
  declaration: Declaration
  table: Table
  target: Target
  signal: AbortSignal | undefined
}

export interface FitResult {
  model: FittedModel
  curve: CurvePoint[]
  keptRound: number
}

export type OnRound = (
  point: CurvePoint,
  context: { maxRounds: number; state: () => FitState },
) => Promise<void>

/** Measures the encoding on the training rows, encodes, and learns. */
export async function fitModel(
  context: TrainingContext,
  rows: { train: Int32Array; validation: Int32Array },
  { resume, onRound }: { resume: FitState | null; onRound: OnRound },
): Promise<FitResult> {
  const { backend, declaration, table, signal } = context
  const encoding = fitEncoding(table, declaration, rows.train)
  const { examples, target } = prepareTarget(context, rows.train)
  const encode = async (part: Int32Array): Promise<Examples> =>
    examples(part, await encodeRows(backend, encoding, { table, rows: part, signal }))
  const form = formOf(encoding, context.target)
  const problem: Problem = {
    ...form,
    seed: declaration.seed,
    train: await encode(rows.train),
    validation: rows.validation.length > 0 ? await encode(rows.validation) : null,
  }
  await using trainer = await openTrainer(backend, declaration.algorithm, problem)
  const { maxRounds } = trainer
  const fit = await fitRounds(trainer, {
    earlyStopping: declaration.earlyStopping,
    resume,
    signal,
    onRound: (point, state) => onRound(point, { maxRounds, state }),
  })
  const { algorithm } = declaration
  const { parameters, curve, keptRound } = fit
  return { model: { algorithm, encoding, form, parameters, target }, curve, keptRound }
}

function formOf({ features, width }: FittedEncoding, target: Target): Form {
  const classes = target.kind === 'classes' ? target.classes.length : null
  const [first] = features
  if (features.length !== 1 || first?.kind !== 'tensor' || first.shape.length !== 3)
    return { width, classes, image: null }
  const [height = 0, wide = 0, channels = 0] = first.shape
  return { width, classes, image: [channels, height, wide] }
}

interface PreparedTarget {
  examples(rows: Int32Array, features: Float32Array): Examples
  target: FittedModel['target']
}

/** Values are learnt with mean 0 and deviation 1 over the training rows. */
function prepareTarget({ target }: TrainingContext, train: Int32Array): PreparedTarget {
  if (target.kind === 'classes')
    return {
      target: { kind: 'classes', classes: target.classes },
      examples: (rows, features) => ({
        rows: rows.length,
        features,
        targets: rows.map((row) => target.labels[row] ?? 0),
      }),
    }
  const scale = scaleOf(target.values, train)
  return {
    target: { kind: 'values', scale },
    examples: (rows, features) => ({
      rows: rows.length,
      features,
      targets: Float64Array.from(
        rows,
        (row) => ((target.values[row] ?? 0) - scale.offset) / scale.factor,
      ),
    }),
  }
}

function scaleOf(values: Float64Array, rows: Int32Array): ValueScale {
  let sum = 0
  for (const row of rows) sum += values[row] ?? 0
  const offset = sum / rows.length
  let squares = 0
  for (const row of rows) {
    const distance = (values[row] ?? 0) - offset
    squares += distance * distance
  }
  const factor = squareRoot(squares / rows.length)
  return { offset, factor: factor > 0 ? factor : 1 }
}
