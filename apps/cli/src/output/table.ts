import { padEnd, padStart, widthOf } from './text.ts'

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

/** Labels to the left, values in one column. */
export function renderFacts(
  facts: [label: string, value: string][],
  styleLabel: (text: string) => string = (text) => text,
  labelWidth = 0,
): string[] {
  const width = Math.max(labelWidth, ...facts.map(([label]) => widthOf(label)))
  return facts.map(([label, value]) => `${padEnd(styleLabel(label), width)}  ${value}`.trimEnd())
}

function alignCell(cell: string, width: number, column: Column | undefined): string {
  return column?.align === 'right' ? padStart(cell, width) : padEnd(cell, width)
}
