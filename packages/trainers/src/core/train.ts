import { type Backend, contentId, readTabularSchema, type TabularSchema } from '@quoin/models/core'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import { type Declaration, declarationHash, trainingRuntimeId } from './declaration.ts'
import { trainingError } from './errors.ts'
import { type FitResult, fitModel, type OnRound, type TrainingContext } from './fit-model.ts'
import { type Metrics, measureAnswers, measureBaseline, summarizeFolds } from './metrics/measure.ts'
import { predictRows } from './model/predict.ts'
import { writeModel } from './model/write-model.ts'
import type { TrainingReport } from './report/report.ts'
import { foldRows, type Split, splitRows } from './split.ts'
import { checkTable, type Table, tableHash } from './table.ts'
import { checkClassesIn, readTarget } from './target.ts'

export interface TrainingProgress {
  /** From 1; null for the final model. */
  fold: number | null
  folds: number
  /** An epoch, an iteration or a tree, from 1. */
  round: number
  maxRounds: number
  trainLoss: number
  validationLoss: number | null
  /** What `resume` takes to go on after this round, in any process, to the same bytes. */
  checkpoint(): Uint8Array
}

export interface TrainingOptions {
  declaration: Declaration
  table: Table
  /** ONNX Runtime of the kind that the declaration names. */
  backend: Backend
  resume?: Uint8Array | undefined
  signal?: AbortSignal | undefined
  /** Awaited after each round. */
  onProgress?: (progress: TrainingProgress) => void | Promise<void>
}

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
  const run = { ...options, context, split, labels, checkpoint: readCheckpoint(options, identity) }
  const folds = await crossValidate(run, identity)
  const progress = createProgress(run, { identity, fold: null, done: folds })
  const resume = run.checkpoint?.folds.length === folds.length ? run.checkpoint.fit : null
  const fit = await fitModel(context, split, { resume, onRound: progress })
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

interface Run extends TrainingOptions {
  context: TrainingContext
  split: Split
  labels: Int32Array | null
  checkpoint: Checkpoint | null
}
type Identity = Checkpoint['identity']

async function checkRuntime(declaration: Declaration, backend: Backend): Promise<void> {
  const { runtime, runtimeId } = declaration
  if (backend.runtime === runtime && runtimeId === (await trainingRuntimeId(runtime))) return
  throw trainingError(
    'RUNTIME_MISMATCH',
    `The declaration wants ${runtime} as ${runtimeId} and this is ${backend.runtime} as ${await trainingRuntimeId(backend.runtime)}: declare anew, or train with the version of Quoin that it was made for`,
    { detail: { wanted: runtimeId } },
  )
}

function readCheckpoint({ resume }: TrainingOptions, identity: Identity): Checkpoint | null {
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

/** Each fold's metrics on the rows that it left out; the test rows take no part. */
async function crossValidate(run: Run, identity: Identity): Promise<Metrics[]> {
  const { declaration, context, split, labels, checkpoint } = run
  if (!declaration.crossValidation) return []
  const pool = Int32Array.of(...split.train, ...split.validation)
  const { folds: count } = declaration.crossValidation
  const folds = foldRows(pool, count, { seed: declaration.seed, labels })
  const done: Metrics[] = [...(checkpoint?.folds ?? [])]
  for (const [index, held] of folds.entries()) {
    if (index < done.length) continue
    const rest = Int32Array.of(
      ...folds.flatMap((rows, other) => (other === index ? [] : [...rows])),
    )
    const rows = withValidation(run, rest)
    const onRound = createProgress(run, { identity, fold: index + 1, done: [...done] })
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
function withValidation({ declaration, split, labels }: Run, rest: Int32Array) {
  const { seed, earlyStopping } = declaration
  const { train, validation } = split
  if (!earlyStopping || validation.length === 0) return { train: rest, validation: Int32Array.of() }
  const parts = Math.max(2, Math.floor((train.length + validation.length) / validation.length))
  const [inner = Int32Array.of(), ...others] = foldRows(rest, parts, { seed, labels })
  return { train: Int32Array.of(...others.flatMap((rows) => [...rows])), validation: inner }
}

function createProgress(
  { onProgress, declaration }: Run,
  { identity, fold, done }: { identity: Identity; fold: number | null; done: Metrics[] },
): OnRound {
  return async ({ round, train, validation }, { maxRounds, state }) =>
    onProgress?.({
      fold,
      folds: declaration.crossValidation?.folds ?? 0,
      round,
      maxRounds,
      trainLoss: train,
      validationLoss: validation,
      checkpoint: () => encodeCheckpoint({ identity, folds: done, fit: state() }),
    })
}

async function measureModel({ context, split }: Run, { model }: FitResult, bytes: Uint8Array) {
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
