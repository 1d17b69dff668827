import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { profileTable } from './profile.ts'
import { openSession } from './session/session.ts'

it('columns are described by numbers for pictures', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quoin-profile-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true }))
  const path = join(directory, 'rows.csv')
  const lines = Array.from(
    { length: 100 },
    (_, row) => `${row},${row % 4 === 0 ? 'even' : 'odd'},7,`,
  )
  await writeFile(path, `n,kind,constant,void\n${lines.join('\n')}\n,,,\nNaN,odd,7,\n`)
  await using session = await openSession({ sources: { t: { path, format: 'csv' } }, directory })
  const { rows, columns } = await profileTable(session, 't')
  assert.equal(rows, 102)
  const [n, kind, constant, empty] = columns
  assert.equal(n?.missing, 1)
  assert.deepEqual(
    { ...n?.numbers, standardDeviation: undefined, histogram: n?.numbers?.histogram?.counts },
    {
      min: 0,
      max: 99,
      mean: 49.5,
      standardDeviation: undefined,
      quartiles: [24.75, 49.5, 74.25],
      notFinite: 1,
      histogram: new Array(20).fill(5),
    },
  )
  assert.ok(Math.abs((n?.numbers?.standardDeviation ?? 0) - 29.011) < 0.001)
  assert.deepEqual(kind?.texts, {
    shortest: 3,
    longest: 4,
    top: [
      { value: 'odd', count: 76 },
      { value: 'even', count: 25 },
    ],
  })
  assert.deepEqual(constant?.numbers?.histogram, { bounds: [7, 7], counts: [101] })
  assert.equal(constant?.distinct, 1)
  assert.deepEqual(
    { missing: empty?.missing, texts: empty?.texts },
    { missing: 102, texts: { shortest: null, longest: null, top: [] } },
  )
})
