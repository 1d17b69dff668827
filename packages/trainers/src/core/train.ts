import { type Backend, contentId, readTabularSchema, type TabularSchema } from '@quoin/models/core'
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts'
import { crossValidate } from './cross-validate.ts'
import { type Declaration, declarationHash, trainingRuntimeId } from './declaration.ts'
import { trainingError } from './errors.ts'
import { fitModel } from './fit-model.ts'
import { measureModel } from './measure-model.ts'
import { summarizeFolds } from './metrics/measure.ts'
import { writeModel } from './model/write-model.ts'
import type { TrainingReport } from './report/report.ts'
import { splitRows } from './split.ts'
import { checkTable, tableHash } from './table.ts'
import { checkClassesIn, readTarget } from './target.ts'
import { reportRounds, type TrainingOptions } from './training-run.ts'

export interface TrainedModel {
  /** The ONNX file. */
  model: Uint8Array<ArrayBuffer>
  modelCid: string
  schema: TabularSchema
  report: TrainingReport
}

/**
 * Trains what the declaration says on the table. Equal declarations and tables give equal bytes: on
 * every machine with `onnx-wasm`, on the same kind of CPU with `onnx-native`.
 * @throws TrainingError, or the signal's reason
 */
export async function trainModel(options: TrainingOptions): Promise<TrainedModel> {
  const { declaration, table, backend, signal } = options
  await checkRuntime(declaration, backend)
  checkTable(table)
  const target = readTarget(table, declaration)
  const labels = target.kind === 'classes' ? target.labels : null
  const split = splitRows(table, declaration, labels)
  checkClassesIn(target, split.train)
  const identity = {
    declaration: await declarationHash(declaration),
    table: await tableHash(table),
  }
  const context = { backend, declaration, table, target, signal }
  const checkpoint = readCheckpoint(options, identity)
  const run = { ...options, context, identity, split, labels, checkpoint }
  const folds = await crossValidate(run)
  const onRound = reportRounds(run, { fold: null, done: folds })
  const resume = checkpoint?.folds.length === folds.length ? checkpoint.fit : null
  const fit = await fitModel(context, split, { resume, onRound })
  const runtimeId = declaration.runtimeId
  const model = writeModel(fit.model, { ...identity, runtimeId })
  const modelCid = await contentId(model)
  const measured = await measureModel(run, fit, model)
  const report: TrainingReport = {
    version: 1,
    declaration,
    declarationHash: identity.declaration,
    tableHash: identity.table,
    modelCid,
    modelBytes: model.length,
    classes: target.kind === 'classes' ? target.classes : null,
    rows: {
      train: split.train.length,
      validation: split.validation.length,
      test: split.test.length,
    },
    encodedWidth: fit.model.encoding.width,
    ...measured,
    curve: fit.curve,
    keptRound: fit.keptRound,
    crossValidation: declaration.crossValidation && { folds, ...summarizeFolds(folds) },
  }
  return { model, modelCid, schema: readTabularSchema(model), report }
}

async function checkRuntime(declaration: Declaration, backend: Backend): Promise<void> {
  const { runtime, runtimeId } = declaration
  if (backend.runtime === runtime && runtimeId === (await trainingRuntimeId(runtime))) return
  throw trainingError(
    'RUNTIME_MISMATCH',
    `The declaration wants ${runtime} as ${runtimeId} and this is ${backend.runtime} as ${await trainingRuntimeId(backend.runtime)}: declare anew, or train with the version of Quoin that it was made for`,
    { detail: { wanted: runtimeId } },
  )
}

function readCheckpoint(
  { resume }: TrainingOptions,
  identity: Checkpoint['identity'],
): Checkpoint | null {
  if (resume === undefined) return null
  const checkpoint = decodeCheckpoint(resume)
  for (const part of ['declaration', 'table'] as const)
    if (checkpoint.identity[part] !== identity[part])
      throw trainingError(
        'CHECKPOINT_MISMATCH',
        `The checkpoint belongs to another ${part} (${checkpoint.identity[part]}, not ${identity[part]})`,
      )
  return checkpoint
}
