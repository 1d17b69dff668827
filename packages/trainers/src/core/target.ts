import type { Declaration } from './declaration.ts'
import { trainingError } from './errors.ts'
import { labelColumn, numberColumn, type Table } from './table.ts'

/** What the model is to predict, as numbers. */
export type Target =
  | { kind: 'classes'; classes: readonly string[]; labels: Int32Array }
  | { kind: 'values'; values: Float64Array }

/**
 * Reads the target column. Classes are the distinct texts in the order of their code units.
 * @throws TrainingError for missing values, one class only, too many, or a target that never changes
 */
export function readTarget(table: Table, declaration: Declaration): Target {
  return declaration.task === 'classification'
    ? readClasses(labelColumn(table, declaration.target), declaration)
    : readValues(numberColumn(table, declaration.target), declaration.target)
}

function readClasses(texts: readonly string[], { target, maxClasses }: Declaration): Target {
  const distinct = new Set(texts)
  if (distinct.has('')) throw missing(target, texts.indexOf(''))
  if (distinct.size > maxClasses)
    throw trainingError(
      'TOO_MANY_CLASSES',
      `The target ${target} has ${distinct.size} classes where ${maxClasses} are allowed: is it a class at all? (maxClasses, or the task regression)`,
      { detail: { column: target, classes: distinct.size } },
    )
  const classes = [...distinct].sort()
  if (classes.length < 2)
    throw trainingError(
      'CONSTANT_TARGET',
      `The target ${target} has the one class ${JSON.stringify(classes[0] ?? '')}: there is nothing to tell apart`,
      { detail: { column: target } },
    )
  const numbers = new Map(classes.map((name, index) => [name, index]))
  return {
    kind: 'classes',
    classes,
    labels: Int32Array.from(texts, (text) => numbers.get(text) ?? 0),
  }
}

function readValues(values: Float64Array, target: string): Target {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) throw missing(target, bad)
  if (values.every((value) => value === values[0]))
    throw trainingError(
      'CONSTANT_TARGET',
      `The target ${target} is ${values[0]} in every row: there is nothing to learn`,
      { detail: { column: target } },
    )
  return { kind: 'values', values }
}

/** @throws TrainingError `TOO_FEW_ROWS` when a class has no row to learn from */
export function checkClassesIn(target: Target, train: Int32Array): void {
  if (target.kind === 'values') return
  const seen = new Set(Array.from(train, (row) => target.labels[row]))
  const absent = target.classes.find((_, index) => !seen.has(index))
  if (absent !== undefined)
    throw trainingError(
      'TOO_FEW_ROWS',
      `The class ${JSON.stringify(absent)} has no row in the training part: give more rows of it, or leave it out`,
      { detail: { class: absent } },
    )
}

function missing(column: string, row: number): Error {
  return trainingError(
    'VALUE_INVALID',
    `The target ${column} is missing or not finite in row ${row}: leave such rows out in the query`,
    { detail: { column, row } },
  )
}
