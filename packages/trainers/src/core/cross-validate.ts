import { fitModel } from './fit-model.ts'
import { type Metrics, measureAnswers } from './metrics/measure.ts'
import { predictRows } from './model/predict.ts'
import { writeModel } from './model/write-model.ts'
import { foldRows, joinRows } from './split.ts'
import { reportRounds, type TrainingRun } from './training-run.ts'

/** Each fold's metrics on the rows that it left out; the test rows take no part. */
export async function crossValidate(run: TrainingRun): Promise<Metrics[]> {
  const { declaration, context, identity, split, labels, checkpoint } = run
  if (!declaration.crossValidation) return []
  const pool = joinRows([split.train, split.validation])
  const { folds: count } = declaration.crossValidation
  const folds = foldRows(pool, count, { seed: declaration.seed, labels })
  const done: Metrics[] = [...(checkpoint?.folds ?? [])]
  for (const [index, held] of folds.entries()) {
    if (index < done.length) continue
    const rest = joinRows(folds.filter((_, other) => other !== index))
    const rows = withValidation(run, rest)
    const onRound = reportRounds(run, { fold: index + 1, done: [...done] })
    const resume = checkpoint?.folds.length === index ? checkpoint.fit : null
    const { model } = await fitModel(context, rows, { resume, onRound })
    const bytes = writeModel(model, { ...identity, runtimeId: declaration.runtimeId })
    const { encoding } = model
    const answers = await predictRows(context.backend, bytes, { ...context, encoding, rows: held })
    done.push(measureAnswers(answers, context.target, held))
  }
  return done
}

/** Early stopping needs rows that are neither learnt from nor measured on. */
function withValidation({ declaration, split, labels }: TrainingRun, rest: Int32Array) {
  const { seed, earlyStopping } = declaration
  const { train, validation } = split
  if (!earlyStopping || validation.length === 0) return { train: rest, validation: Int32Array.of() }
  const parts = Math.max(2, Math.floor((train.length + validation.length) / validation.length))
  const [inner = Int32Array.of(), ...others] = foldRows(rest, parts, { seed, labels })
  return { train: joinRows(others), validation: inner }
}
