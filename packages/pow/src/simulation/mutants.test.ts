import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mutants } from './mutants.ts'

describe('the simulation finds a node that', () => {
  for (const { name, within, run } of mutants)
    it(name, async () => {
      for (let seed = 1; seed <= within; seed++) if ((await run(seed)) !== null) return
      assert.fail(`nothing was noticed in ${within} seeds`)
    })
})
