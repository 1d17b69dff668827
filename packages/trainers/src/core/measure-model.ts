import type { FitResult } from './fit-model.ts'
import { measureAnswers, measureBaseline } from './metrics/measure.ts'
import { predictRows } from './model/predict.ts'
import type { TrainingRun } from './training-run.ts'

/** Metrics of each part by what the written model file answers, and those of a model that knows only the targets. */
export async function measureModel(
  { context, split }: TrainingRun,
  { model }: FitResult,
  bytes: Uint8Array,
) {
  const { target, backend } = context
  const { encoding } = model
  const measure = async (rows: Int32Array) =>
    measureAnswers(await predictRows(backend, bytes, { ...context, encoding, rows }), target, rows)
  const baseline = (rows: Int32Array) => measureBaseline(target, { train: split.train, rows })
  const { train, validation, test } = split
  return {
    metrics: {
      train: await measure(train),
      validation: validation.length > 0 ? await measure(validation) : null,
      test: test.length > 0 ? await measure(test) : null,
    },
    baseline: {
      train: baseline(train),
      validation: validation.length > 0 ? baseline(validation) : null,
      test: test.length > 0 ? baseline(test) : null,
    },
  }
}
