import { bytesToHex, canonicalJson } from '@quoin/kernel'
import { contentId, runtimePins, sessionOptions, sha256 } from '@quoin/models/core'
import { z } from 'zod/mini'
import { trainingError } from './errors.ts'

/** Raised with every change that may change a trained model's bytes; part of the runtime id. */
const trainerVersion = 1

const whole = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most))
const between = (least: number, most: number) => z.number().check(z.gte(least), z.lte(most))
const columnName = z.string().check(z.minLength(1), z.maxLength(256))
const seed = whole(0, 0xffffffff)

const numericFeature = z.strictObject({
  kind: z.literal('numeric'),
  columns: z.array(columnName).check(z.minLength(1), z.maxLength(16_384)),
  /** With a name, the columns are one input [rows, columns] of the model; else each is one [rows, 1]. */
  input: z.optional(columnName),
  /** standard: mean 0, deviation 1; range: the least 0, the greatest 1. Measured on training rows. */
  scale: z._default(z.enum(['standard', 'range', 'none']), 'standard'),
  missing: z._default(
    z.union([z.enum(['refuse', 'mean', 'median']), z.strictObject({ value: z.number() })]),
    'refuse',
  ),
  /** Adds a column for each that says where values were missing. */
  indicator: z._default(z.boolean(), false),
  constant: z._default(z.enum(['refuse', 'keep']), 'refuse'),
})

const categoricalFeature = z.strictObject({
  kind: z.literal('categorical'),
  columns: z.array(columnName).check(z.minLength(1), z.maxLength(1_024)),
  /** category: the empty text is a category like others. */
  missing: z._default(z.enum(['refuse', 'category']), 'refuse'),
  /** What a served model does with a category that the table did not have; ignore: all zeros. */
  unseen: z._default(z.enum(['refuse', 'ignore']), 'refuse'),
  maxCategories: z._default(whole(1, 10_000), 100),
  constant: z._default(z.enum(['refuse', 'keep']), 'refuse'),
})

const tensorFeature = z.strictObject({
  kind: z.literal('tensor'),
  column: columnName,
  /** byte: divided by 255; standard: one mean and deviation over all elements of the training rows. */
  scale: z._default(z.enum(['byte', 'standard', 'none']), 'byte'),
})

const gradientDescent = {
  optimizer: z._default(z.enum(['adam', 'sgd']), 'adam'),
  learningRate: z._default(between(1e-8, 10), 0.001),
  /** linear: the rate falls evenly over all epochs' steps, to nearly 0. */
  decay: z._default(z.enum(['none', 'linear']), 'none'),
  /** For sgd. */
  momentum: z._default(between(0, 0.9999), 0.9),
  batchSize: z._default(whole(1, 65_536), 32),
  epochs: z._default(whole(1, 100_000), 100),
  /** Added to the gradient as l2 times the weights (not the biases). */
  l2: z._default(between(0, 1e6), 0.0001),
}
const layerSizes = z.array(whole(1, 16_384)).check(z.maxLength(16))

const algorithm = z.discriminatedUnion('kind', [
  /** Ridge regression, solved exactly: least Σ(y − xw − b)² + l2·|w|². */
  z.strictObject({ kind: z.literal('linear'), l2: z._default(between(0, 1e12), 1) }),
  /** Least Σ −log p(class) + l2/2·|w|², by L-BFGS. */
  z.strictObject({
    kind: z.literal('logistic'),
    l2: z._default(between(0, 1e12), 1),
    maxIterations: z._default(whole(1, 100_000), 300),
    tolerance: z._default(between(1e-12, 1), 1e-6),
  }),
  z.strictObject({
    kind: z.literal('mlp'),
    hidden: z._default(layerSizes, [64]),
    ...gradientDescent,
  }),
  z.strictObject({
    kind: z.literal('cnn'),
    convolutions: z
      .array(
        z.strictObject({
          filters: whole(1, 1_024),
          kernel: z._default(whole(1, 31), 3),
          stride: z._default(whole(1, 16), 2),
        }),
      )
      .check(z.minLength(1), z.maxLength(8)),
    hidden: z._default(layerSizes, []),
    ...gradientDescent,
  }),
  z.strictObject({
    kind: z.literal('trees'),
    trees: z._default(whole(1, 10_000), 200),
    learningRate: z._default(between(1e-6, 1), 0.1),
    depth: z._default(whole(1, 16), 4),
    bins: z._default(whole(2, 256), 255),
    minRows: z._default(whole(1, 1_000_000), 5),
    l2: z._default(between(0, 1e9), 1),
    /** The parts of the rows and of the columns that each tree sees. */
    rowFraction: z._default(between(0.01, 1), 1),
    columnFraction: z._default(between(0.01, 1), 1),
  }),
])

const split = z.discriminatedUnion('by', [
  z.strictObject({
    by: z.literal('random'),
    seed: z._default(seed, 0),
    validation: z._default(between(0, 0.9), 0.15),
    test: z._default(between(0, 0.9), 0.2),
    /** Each class has the same share of each part; for classification only. */
    stratified: z._default(z.boolean(), true),
  }),
  /** A text column that says train, validation or test in each row. */
  z.strictObject({ by: z.literal('column'), column: columnName }),
])

const declarationSchema = z.strictObject({
  version: z._default(z.literal(1), 1),
  task: z.enum(['classification', 'regression']),
  target: columnName,
  maxClasses: z._default(whole(2, 10_000), 100),
  features: z
    .array(z.discriminatedUnion('kind', [numericFeature, categoricalFeature, tensorFeature]))
    .check(z.minLength(1), z.maxLength(4_096)),
  algorithm,
  split: z._default(split, {
    by: 'random',
    seed: 0,
    validation: 0.15,
    test: 0.2,
    stratified: true,
  }),
  seed: z._default(seed, 0),
  earlyStopping: z._default(
    z.nullable(
      z.strictObject({
        patience: z._default(whole(1, 10_000), 10),
        minDelta: z._default(between(0, 1e6), 0),
      }),
    ),
    null,
  ),
  crossValidation: z._default(z.nullable(z.strictObject({ folds: whole(2, 50) })), null),
  runtime: z._default(z.enum(['onnx-wasm', 'onnx-native']), 'onnx-wasm'),
  /** Binds the declaration to exact programs; `declareTraining` fills it in. */
  runtimeId: z.string().check(z.regex(/^0x[0-9a-f]{64}$/)),
})

/** What is trained and how, with every default written out: equal declarations, equal models. */
export type Declaration = z.output<typeof declarationSchema>
/** A declaration as people write it. */
export type DeclarationInput = Omit<z.input<typeof declarationSchema>, 'runtimeId'>
export type Feature = Declaration['features'][number]
export type Algorithm = Declaration['algorithm']
export type RuntimeName = Declaration['runtime']

/** Completes a declaration with defaults and with the id of the runtime that this version has. */
export async function declareTraining(input: DeclarationInput): Promise<Declaration> {
  return parseDeclaration({
    ...input,
    runtimeId: await trainingRuntimeId(input.runtime ?? 'onnx-wasm'),
  })
}

/** @throws TrainingError `DECLARATION_INVALID` that names the members that are wrong */
export function parseDeclaration(value: unknown): Declaration {
  const parsed = z.safeParse(declarationSchema, value)
  if (!parsed.success)
    throw trainingError(
      'DECLARATION_INVALID',
      `The training declaration is not valid: ${parsed.error.issues.map(describeIssue).join('; ')}`,
      { cause: parsed.error },
    )
  checkSense(parsed.data)
  return parsed.data
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const { path, code, message, input: _, ...facts } = issue
  const where = path.length > 0 ? path.map(String).join('.') : 'the whole'
  return `${where}: ${code.replaceAll('_', ' ')} ${JSON.stringify(facts)}`
}

/** The sha256 (hex) of the canonical JSON (RFC 8785) of a declaration. */
export async function declarationHash(declaration: Declaration): Promise<string> {
  return bytesToHex(await sha256(encodeDeclaration(declaration)))
}

/** The CID of the canonical JSON of a declaration. */
export async function declarationCid(declaration: Declaration): Promise<string> {
  return contentId(encodeDeclaration(declaration))
}

/** The canonical form (RFC 8785) in UTF-8. */
export function encodeDeclaration(declaration: Declaration): Uint8Array {
  return new TextEncoder().encode(canonicalJson(declaration))
}

/** sha256 over the programs that train: their pins, session options and the version of this code. */
export async function trainingRuntimeId(runtime: RuntimeName): Promise<string> {
  const identity = canonicalJson({
    trainerVersion,
    runtime,
    pins: runtimePins[runtime],
    sessionOptions: sessionOptions[runtime],
  })
  return bytesToHex(await sha256(new TextEncoder().encode(identity)))
}

function checkSense({ task, algorithm, split, features, target }: Declaration): void {
  const refuse = (message: string) => {
    throw trainingError('DECLARATION_INVALID', message)
  }
  const isClassifier = task === 'classification'
  if (algorithm.kind === 'linear' && isClassifier)
    refuse('linear regression gives values: for classes take logistic')
  if (algorithm.kind === 'logistic' && !isClassifier)
    refuse('logistic regression gives classes: for values take linear')
  if (split.by === 'random' && split.validation + split.test > 0.95)
    refuse('validation and test together leave less than 5 % of the rows for training')
  const [first] = features
  if (algorithm.kind === 'cnn' && (features.length !== 1 || first?.kind !== 'tensor'))
    refuse('a cnn takes exactly one feature, a tensor column of images')
  const names = features.flatMap((feature) =>
    feature.kind === 'tensor' ? [feature.column] : feature.columns,
  )
  const inputs = features.flatMap(inputNames)
  for (const [what, list] of [
    ['column', names],
    ['input', inputs],
  ] as const) {
    const seen = new Set<string>()
    const twice = list.find((name) => seen.size === seen.add(name).size)
    if (twice !== undefined) refuse(`the ${what} ${twice} is declared twice`)
  }
  if (names.includes(target)) refuse(`the target ${target} is among the features`)
  const taken = ['probabilities', 'label', 'value', '__proto__']
  const reserved = inputs.find((name) => taken.includes(name))
  if (reserved !== undefined)
    refuse(`an input cannot be called ${reserved}, as outputs are: rename the column`)
}

/** The names of the model's inputs that a feature makes. */
function inputNames(feature: Feature): readonly string[] {
  if (feature.kind === 'tensor') return [feature.column]
  return feature.kind === 'numeric' && feature.input !== undefined
    ? [feature.input]
    : feature.columns
}
