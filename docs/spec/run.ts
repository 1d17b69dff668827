// Explores the specification at random: what must hold has to hold, and what must be possible has to happen,
// or the runs did not get far enough to mean anything. `npm run spec -- --seed=0x1` gives one run again.
import { simulate } from './quint.ts'

const witnesses = [
  'somebodyDecides',
  'somebodyDecidesLate',
  'somebodyIsLocked',
  'somebodyIsConvicted',
  'aLockIsProposedAgain',
]
const { status, output } = await simulate([
  '--invariant=safety',
  '--max-samples=700',
  '--max-steps=70',
  ...process.argv.slice(2),
  '--witnesses',
  ...witnesses,
])
console.log(output.trim())
const unseen = witnesses.filter(
  (name) => !new RegExp(`${name} was witnessed in [1-9]`).test(output),
)
for (const name of unseen) console.error(`No run showed ${name}: give it more samples or steps`)
process.exitCode = status === 0 && unseen.length === 0 ? 0 : 1
