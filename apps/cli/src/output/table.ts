import { padEnd, padStart, widthOf, wrap } from './text.ts'

export interface Column {
  title: string
  align?: 'right'
}

/** Rows under titles, columns two spaces apart, the last one unpadded. */
export function renderTable(
  columns: Column[],
  rows: string[][],
  styleTitle: (text: string) => string = (text) => text,
): string[] {
  const widths = columns.map((column, i) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[i] ?? ''))),
  )
  const renderRow = (cells: string[]): string =>
    cells
      .map((cell, i) => alignCell(cell, widths[i] ?? 0, columns[i]))
      .join('  ')
      .trimEnd()
  return [renderRow(columns.map(({ title }) => styleTitle(title))), ...rows.map(renderRow)]
}

export interface FactsLayout {
  styleLabel?: (text: string) => string
  labelWidth?: number
  /** Spaces before each line. */
  indent?: number
  /** Values are broken to fit; never, when absent. */
  columns?: number
}

/** Labels to the left, values in one column, broken at spaces where they are too long. */
export function renderFacts(
  facts: [label: string, value: string][],
  layout: FactsLayout = {},
): string[] {
  const { styleLabel = (text) => text, labelWidth = 0, indent = 0, columns = Infinity } = layout
  const width = Math.max(labelWidth, ...facts.map(([label]) => widthOf(label)))
  const margin = ' '.repeat(indent)
  const room = columns - indent - width - 2
  return facts.flatMap(([label, value]) =>
    wrap(value, room).map((part, at) =>
      `${margin}${padEnd(at === 0 ? styleLabel(label) : '', width)}  ${part}`.trimEnd(),
    ),
  )
}

function alignCell(cell: string, width: number, column: Column | undefined): string {
  return column?.align === 'right' ? padStart(cell, width) : padEnd(cell, width)
}
