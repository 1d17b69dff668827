import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, resolve } from 'node:path'
import { test } from 'node:test'

test('what browsers get imports nothing of Node', () => {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const source = readFileSync(file, 'utf8')
    assert.doesNotMatch(source, /\b(Buffer|process)\./, file)
    for (const [, target = ''] of source.matchAll(/^(?:import|export) .*?from '([^']+)'$/gms)) {
      assert.equal(isBuiltin(target), false, `${file} imports ${target}`)
      if (target.startsWith('.')) visit(resolve(dirname(file), target))
    }
  }
  visit(resolve(import.meta.dirname, 'core.ts'))
  assert.ok(seen.size > 20)
})
