// Two cases of the table; `npm run test:journeys` runs all of them.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { cases, runJourney } from './journeys/journey.ts'

for (const one of [cases.delegated, cases.pow])
  it(`${one.name}: a network of four sells, proves, survives a death and stops`, async () => {
    const steps = await runJourney(one)
    assert.equal(steps.at(-1)?.step, 'net down')
  })
