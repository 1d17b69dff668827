import type { Metrics } from '../metrics/measure.ts'
import { escapeHtml } from './escape.ts'
import { lossPicture } from './loss-picture.ts'
import type { TrainingReport } from './report.ts'

const style = `
:root { color-scheme: light dark; --line: #8884; --train: #2563eb; --validation: #d97706 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 1rem } th, td { padding: .2rem .7rem; border: 1px solid var(--line); text-align: right }
th:first-child, td:first-child { text-align: left } code { overflow-wrap: anywhere }
svg { width: 100%; font-size: 12px; fill: currentColor } polyline { fill: none; stroke-width: 2 }
.train { stroke: var(--train) } .validation { stroke: var(--validation) } .grid { stroke: var(--line) } .kept { stroke: currentColor; stroke-dasharray: 4 }
pre { overflow: auto; border: 1px solid var(--line); padding: .7rem }`

const names: Record<string, string> = {
  accuracy: 'Accuracy',
  macroF1: 'F1 (mean of classes)',
  logLoss: 'Log loss',
  auc: 'AUC',
  rmse: 'RMSE',
  mae: 'MAE',
  r2: 'R²',
}

/** A report as one HTML page without scripts: metrics beside the baseline's, pictures as SVG. */
export function reportToHtml(report: TrainingReport): string {
  const { declaration, metrics, rows, curve, keptRound } = report
  const title = `${declaration.algorithm.kind}: ${declaration.target}`
  const detailed = metrics.test ?? metrics.validation ?? metrics.train
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>A ${declaration.task} model of ${report.encodedWidth} encoded numbers a row, trained on ${rows.train} rows
with ${rows.validation} to validate and ${rows.test} to test. Its file has ${report.modelBytes} bytes.</p>
<h2>Metrics</h2>
${metricsTable(report)}
${report.crossValidation ? crossValidationTable(report.crossValidation) : ''}
<h2>Loss by round</h2>
${lossPicture(curve, keptRound)}
<p>Training (first colour) and validation (second); the dashed line marks round ${keptRound}, which was kept.</p>
${'confusion' in detailed ? classTables(detailed) : ''}
<h2>What it was made from</h2>
${table(
  [],
  Object.entries({
    Model: report.modelCid,
    Declaration: report.declarationHash,
    Table: report.tableHash,
    Runtime: declaration.runtimeId,
  }).map(([name, id]) => [name, id]),
)}
<pre>${escapeHtml(JSON.stringify(declaration, null, 2))}</pre>
</body></html>
`
}

function metricsTable({ metrics, baseline }: TrainingReport): string {
  const parts = [
    ['train', metrics.train],
    ['validation', metrics.validation],
    ['test', metrics.test],
    ['baseline on test', baseline.test],
  ] as const
  const shown = parts.filter(([, one]) => one !== null)
  const heads = ['', ...shown.map(([name]) => name)]
  const first = shown[0]?.[1] ?? {}
  const rows = Object.keys(first)
    .filter((name) => name in names)
    .map((name) => [
      names[name] ?? name,
      ...shown.map(([, one]) => showNumber(one ? metricNamed(one, name) : null)),
    ])
  return table(heads, rows)
}

function metricNamed(metrics: Metrics, name: string): number | null {
  const value: unknown = new Map(Object.entries(metrics)).get(name)
  return typeof value === 'number' ? value : null
}

function crossValidationTable({
  folds,
  mean,
  deviation,
}: NonNullable<TrainingReport['crossValidation']>): string {
  const rows = Object.keys(mean).map((name) => [
    names[name] ?? name,
    showNumber(mean[name] ?? null),
    showNumber(deviation[name] ?? null),
  ])
  return `<h2>Cross-validation</h2>\n${table([`${folds.length} folds`, 'mean', 'deviation'], rows)}`
}

function classTables({ classes, confusion }: Extract<Metrics, { confusion: unknown }>): string {
  const perClass = classes.map(({ class: name, rows, precision, recall, f1 }) => [
    name,
    String(rows),
    ...[precision, recall, f1].map(showNumber),
  ])
  const counts = classes.map(({ class: name }, index) => [
    name,
    ...(confusion[index] ?? []).map(String),
  ])
  return `<h2>Classes</h2>
${table(['class', 'rows', 'precision', 'recall', 'F1'], perClass)}
<h2>Confusion</h2>
<p>A line for each true class, a column for each answer.</p>
${table(['', ...classes.map(({ class: name }) => name)], counts)}`
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const head = heads.length > 0 ? line(heads, 'th') : ''
  return `<table>${head}${rows.map((row) => line(row, 'td')).join('\n')}</table>`
}

function showNumber(value: number | null): string {
  return value === null ? '–' : value.toPrecision(4)
}
