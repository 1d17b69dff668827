import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBackend } from '@quoin/models'
import { declareTraining } from '../declaration.ts'
import { trainModel } from '../train.ts'
import { reportToHtml } from './report-to-html.ts'

test('a report is one page without scripts, with texts of the data escaped', async () => {
  const hostile = '<script>alert("1")</script>'
  const rows = 60
  const table = {
    rows,
    columns: new Map<string, Float64Array | string[]>([
      ["x' onload='1", Float64Array.from({ length: rows }, (_, row) => row)],
      ['y', Array.from({ length: rows }, (_, row) => (row < 30 ? hostile : 'plain & good'))],
    ]),
  }
  const declaration = await declareTraining({
    task: 'classification',
    target: 'y',
    features: [{ kind: 'numeric', columns: ["x' onload='1"] }],
    algorithm: { kind: 'trees', trees: 5 },
    crossValidation: { folds: 3 },
  })
  const backend = await openBackend('onnx-wasm')
  const { report, modelCid } = await trainModel({ declaration, table, backend })
  const html = reportToHtml(report)
  assert.doesNotMatch(html, /<script|onload='/i)
  assert.match(html, /&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;/)
  assert.match(html, /plain &amp; good/)
  for (const part of [modelCid, 'AUC', 'baseline on test', '<polyline', '3 folds', 'Confusion'])
    assert.ok(html.includes(part), part)
  assert.equal(reportToHtml(JSON.parse(JSON.stringify(report))), html)
})
