/** Every consensus × policy takes the same journey: `npm run test:journeys [-- NAME…]`. */
import { type Case, cases, runJourney } from './journey.ts'

const all: Record<string, Case> = cases
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(all, name))
if (unknown.length > 0) {
  console.error(`There is no case ${unknown.join(', ')}; there are ${Object.keys(all).join(', ')}`)
  process.exit(2)
}
for (const [key, one] of Object.entries(all)) {
  if (wanted.length > 0 && !wanted.includes(key)) continue
  console.log(one.name)
  let total = 0
  for (const { step, seconds } of await runJourney(one)) {
    console.log(`  ${step.padEnd(14)} ${seconds.toFixed(1).padStart(6)} s`)
    total += seconds
  }
  console.log(`  ${'in all'.padEnd(14)} ${total.toFixed(1).padStart(6)} s`)
}
