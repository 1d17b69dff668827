import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { firstDifference } from './compare-files.ts'

test('the first byte that differs is told, also where one file is longer or a mebibyte ends', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-compare-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const differ = async (a: Uint8Array, b: Uint8Array) => {
    await writeFile(join(folder, 'a'), a)
    await writeFile(join(folder, 'b'), b)
    return firstDifference(join(folder, 'a'), join(folder, 'b'))
  }
  const mebibyte = 1 << 20
  const base = new Uint8Array(mebibyte + 10)
  assert.equal(await differ(base, base), null)
  assert.equal(await differ(base.subarray(0, mebibyte), base.subarray(0, mebibyte)), null)
  assert.equal(await differ(base, base.subarray(0, mebibyte)), mebibyte)
  assert.equal(await differ(new Uint8Array(), base), 0)
  for (const at of [0, 1, mebibyte - 1, mebibyte, mebibyte + 9]) {
    const other = base.slice()
    other[at] = 1
    assert.equal(await differ(base, other), at)
  }
})
