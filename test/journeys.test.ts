// Each consensus under each policy.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { cases, runJourney } from './journeys/journey.ts'

for (const one of Object.values(cases))
  it(`${one.name}: a network of four sells, proves, survives a death and stops`, async () => {
    const steps = await runJourney(one)
    assert.equal(steps.at(-1)?.step, 'net down')
  })
