import { formatOfMediaType, formatOfName, type TableFormat } from '@quoin/data'
import { type DeclarationInput, declareTraining } from '@quoin/trainers/core'
import { openJobClient, type TableArtifact } from '../client/job-client.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { type OutputFlags, submitAndFollow } from './job.ts'

export const algorithms = ['logistic', 'linear', 'mlp', 'trees'] as const
export type AlgorithmName = (typeof algorithms)[number]

export interface TrainOptions {
  cid: string
  target: string
  algorithm: AlgorithmName | null
  task: 'classification' | 'regression' | null
  features: string[] | null
  seed: number
  test: number
  validation: number
  folds: number | null
  runtime: 'onnx-wasm' | 'onnx-native'
  isDryRun: boolean
  isDetached: boolean
  outputs: OutputFlags
}

/** Trains a model from a table: what is not said is taken from the table's columns. */
export async function train(context: Context, options: TrainOptions): Promise<void> {
  const artifact = await (await openJobClient(context)).artifact(options.cid)
  const job = await trainingJob(artifact, options)
  const { terminal } = context
  if (options.isDryRun) {
    terminal.document(job)
    terminal.line(JSON.stringify(job, null, 2))
    return
  }
  await submitAndFollow(context, { ...options, job })
}

const maxModelBytes = 256 << 20
const maxReportBytes = 4 << 20

const maxLicensedModelBytes = 64 << 20
const maxLicensedReportBytes = 1 << 20
const licensedWallMs = 600_000

/** As nodes take it from who may train on their data. */
export async function licensedJob(artifact: TableArtifact, options: TrainOptions): Promise<object> {
  const job = await trainingJob(artifact, options)
  return {
    ...job,
    outputs: [
      { name: 'model', kind: 'model', maxBytes: maxLicensedModelBytes },
      { name: 'report', kind: 'report', maxBytes: maxLicensedReportBytes },
    ],
    limits: { wallMs: licensedWallMs },
  }
}

async function trainingJob(artifact: TableArtifact, options: TrainOptions): Promise<object> {
  const declaration = await declareTraining(declarationOf(artifact, options))
  return {
    kind: 'quoin/job/1',
    work: { kind: 'training', table: 'table', format: formatOf(artifact), declaration },
    inputs: [{ name: 'table', cid: artifact.cid }],
    outputs: [
      { name: 'model', kind: 'model', maxBytes: maxModelBytes },
      { name: 'report', kind: 'report', maxBytes: maxReportBytes },
    ],
  }
}

function formatOf({ cid, name, mediaType }: TableArtifact): TableFormat {
  const known = mediaType === null ? null : formatOfMediaType(mediaType)
  if (known) return known
  try {
    return formatOfName(name)
  } catch (cause) {
    throw cliError('USAGE', `${cid} (${name}) is no table that can be trained on`, { cause })
  }
}

function declarationOf(artifact: TableArtifact, options: TrainOptions): DeclarationInput {
  const { target, seed, test, validation, folds, runtime } = options
  const columns = columnsOf(artifact)
  const targetType = columns.get(target)
  if (targetType === undefined)
    throw cliError('USAGE', `The table has no column ${target}; it has ${namesOf(columns)}`)
  const task = options.task ?? (isNumber(targetType) ? 'regression' : 'classification')
  const names = options.features ?? [...columns.keys()].filter((name) => name !== target)
  const unknown = names.find((name) => !columns.has(name))
  if (unknown !== undefined)
    throw cliError('USAGE', `The table has no column ${unknown}; it has ${namesOf(columns)}`)
  const numbers = names.filter((name) => isNumber(columns.get(name) ?? ''))
  const texts = names.filter((name) => !isNumber(columns.get(name) ?? ''))
  return {
    task,
    target,
    features: [
      ...(numbers.length > 0
        ? [{ kind: 'numeric' as const, columns: numbers, missing: 'mean' as const }]
        : []),
      ...(texts.length > 0
        ? [
            {
              kind: 'categorical' as const,
              columns: texts,
              missing: 'category' as const,
              unseen: 'ignore' as const,
            },
          ]
        : []),
    ],
    algorithm: { kind: options.algorithm ?? 'trees' },
    split: { by: 'random', seed, test, validation, stratified: task === 'classification' },
    seed,
    ...(folds !== null && { crossValidation: { folds } }),
    runtime,
  }
}

function columnsOf({ cid, columns }: TableArtifact): Map<string, string> {
  if (columns) return new Map(columns.map(({ name, type }) => [name, type]))
  throw cliError(
    'USAGE',
    `The owner of ${cid} does not tell its columns, or it is no table: declare the job yourself and give it to quoin job run`,
  )
}

function namesOf(columns: ReadonlyMap<string, string>): string {
  return [...columns.keys()].slice(0, 50).join(', ')
}

/** As DuckDB names types. */
function isNumber(type: string): boolean {
  return /^(TINYINT|SMALLINT|INTEGER|BIGINT|U\w*INT\w*|HUGEINT|FLOAT|DOUBLE|DECIMAL.*)$/.test(type)
}
