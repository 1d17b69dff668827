import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackend } from '@quoin/models'
import { type DeclarationInput, declareTraining, parseDeclaration } from './declaration.ts'
import type { TrainingErrorCode } from './errors.ts'
import type { Column, Table } from './table.ts'
import { trainModel } from './train.ts'

const backend = await openBackend('onnx-wasm')
const rows = 40
const good: Record<string, Column> = {
  x: Float64Array.from({ length: rows }, (_, row) => row % 7),
  colour: Array.from({ length: rows }, (_, row) => ['red', 'green'][row % 2] ?? ''),
  y: Array.from({ length: rows }, (_, row) => (row % 7 > 3 ? 'yes' : 'no')),
}
const tableOf = (changes: Record<string, Column> = {}): Table => ({
  rows,
  columns: new Map(Object.entries({ ...good, ...changes })),
})
const base: DeclarationInput = {
  task: 'classification',
  target: 'y',
  features: [
    { kind: 'numeric', columns: ['x'] },
    { kind: 'categorical', columns: ['colour'] },
  ],
  algorithm: { kind: 'trees', trees: 2 },
}
const withNumber = (row: number, value: number) =>
  Float64Array.from({ length: rows }, (_, at) => (at === row ? value : at % 7))

const refused: [string, Table, Partial<DeclarationInput>, TrainingErrorCode, RegExp][] = [
  ['an empty table', { rows: 0, columns: new Map() }, {}, 'TABLE_EMPTY', /nothing to learn/],
  [
    'columns of different lengths',
    tableOf({ x: new Float64Array(3) }),
    {},
    'TABLE_INVALID',
    /x has 3 rows/,
  ],
  [
    'NaN where none is declared',
    tableOf({ x: withNumber(5, Number.NaN) }),
    {},
    'VALUE_INVALID',
    /x .*row 5/,
  ],
  [
    'an infinite value',
    tableOf({ x: withNumber(6, -1 / 0) }),
    {},
    'VALUE_INVALID',
    /-Infinity in row 6/,
  ],
  [
    'a column without any value',
    tableOf({ x: new Float64Array(rows).fill(Number.NaN) }),
    { features: [{ kind: 'numeric', columns: ['x'], missing: 'mean', constant: 'keep' }] },
    'VALUE_INVALID',
    /no value/,
  ],
  ['a constant column', tableOf({ x: new Float64Array(rows) }), {}, 'CONSTANT_COLUMN', /x is 0/],
  ['one category', tableOf({ colour: Array(rows).fill('red') }), {}, 'CONSTANT_COLUMN', /colour/],
  ['a label with one class', tableOf({ y: Array(rows).fill('no') }), {}, 'CONSTANT_TARGET', /"no"/],
  ['a missing label', tableOf({ y: Array(rows).fill('') }), {}, 'VALUE_INVALID', /row 0/],
  [
    'more classes than allowed',
    tableOf({ y: Array.from({ length: rows }, (_, row) => `class ${row}`) }),
    { maxClasses: 10 },
    'TOO_MANY_CLASSES',
    /40 classes where 10/,
  ],
  [
    'identifiers as categories',
    tableOf({ colour: Array.from({ length: rows }, (_, row) => `id ${row}`) }),
    { features: [{ kind: 'categorical', columns: ['colour'], maxCategories: 30 }] },
    'TOO_MANY_CATEGORIES',
    /40 categories where 30/,
  ],
  [
    'a column that is not there',
    tableOf(),
    { target: 'z' },
    'COLUMN_MISSING',
    /no column z.*colour/,
  ],
  [
    'texts declared as numbers',
    tableOf(),
    { features: [{ kind: 'numeric', columns: ['colour'] }] },
    'COLUMN_TYPE',
    /colour has texts/,
  ],
  [
    'texts as the target of a regression',
    tableOf(),
    { task: 'regression' },
    'COLUMN_TYPE',
    /y has texts/,
  ],
  [
    'a target that never changes',
    tableOf({ y: new Float64Array(rows).fill(3) }),
    { task: 'regression' },
    'CONSTANT_TARGET',
    /3 in every row/,
  ],
  [
    'an infinite target',
    tableOf({ y: withNumber(7, 1 / 0) }),
    { task: 'regression' },
    'VALUE_INVALID',
    /row 7/,
  ],
  [
    'rows fewer than folds',
    tableOf(),
    { crossValidation: { folds: 50 } },
    'TOO_FEW_ROWS',
    /cannot make 50 folds/,
  ],
  [
    'a class that has no training row',
    tableOf({
      y: Array.from({ length: rows }, (_, row) =>
        row === 9 ? 'rare' : (['a', 'b'][row % 2] ?? ''),
      ),
      part: Array.from({ length: rows }, (_, row) => (row === 9 ? 'test' : 'train')),
    }),
    { split: { by: 'column', column: 'part' } },
    'TOO_FEW_ROWS',
    /"rare"/,
  ],
  [
    'numbers too great for float32',
    tableOf({ x: withNumber(3, 1e300) }),
    { features: [{ kind: 'numeric', columns: ['x'], scale: 'none' }] },
    'VALUE_INVALID',
    /float32/,
  ],
  [
    'a learning rate that blows up',
    tableOf({ y: withNumber(3, 5) }),
    {
      task: 'regression',
      features: [{ kind: 'numeric', columns: ['x'] }],
      algorithm: { kind: 'mlp', optimizer: 'sgd', learningRate: 10, momentum: 0.99, epochs: 100 },
    },
    'DIVERGED',
    /learning rate/,
  ],
]

for (const [name, table, changes, code, message] of refused)
  test(`${name} is refused with a message that says what to do`, async () => {
    const declaration = await declareTraining({ ...base, ...changes })
    await assert.rejects(trainModel({ declaration, table, backend }), { code, message })
  })

const senseless: [string, Partial<DeclarationInput>, RegExp][] = [
  ['a linear classifier', { algorithm: { kind: 'linear' } }, /logistic/],
  [
    'a logistic regression of values',
    { task: 'regression', algorithm: { kind: 'logistic' } },
    /linear/,
  ],
  [
    'a cnn without images',
    { algorithm: { kind: 'cnn', convolutions: [{ filters: 2 }] } },
    /tensor/,
  ],
  ['the target among the features', { target: 'x' }, /target x/],
  [
    'a column twice',
    { features: [{ kind: 'numeric', columns: ['x', 'x'] }] },
    /column x is declared twice/,
  ],
  [
    'an input named like an output',
    { features: [{ kind: 'numeric', columns: ['label'] }] },
    /label/,
  ],
  ['no rows to train on', { split: { by: 'random', test: 0.5, validation: 0.5 } }, /5 %/],
]

for (const [name, changes, message] of senseless)
  test(`a declaration with ${name} is refused`, async () => {
    await assert.rejects(declareTraining({ ...base, ...changes }), {
      code: 'DECLARATION_INVALID',
      message,
    })
  })

test('a declaration with an unknown member or a wrong number is refused by name', async () => {
  const declaration = await declareTraining(base)
  assert.throws(() => parseDeclaration({ ...declaration, sed: 1 }), { message: /sed/ })
  assert.throws(() => parseDeclaration({ ...declaration, seed: 0.5 }), { message: /seed/ })
  assert.deepEqual(parseDeclaration(JSON.parse(JSON.stringify(declaration))), declaration)
})

test('a declaration for another runtime is refused', async () => {
  const declaration = await declareTraining({ ...base, runtime: 'onnx-native' })
  await assert.rejects(trainModel({ declaration, table: tableOf(), backend }), {
    code: 'RUNTIME_MISMATCH',
  })
  const stale = { ...(await declareTraining(base)), runtimeId: `0x${'1'.repeat(64)}` }
  await assert.rejects(trainModel({ declaration: stale, table: tableOf(), backend }), {
    code: 'RUNTIME_MISMATCH',
    message: /version of Quoin/,
  })
})
