// Explores the specification at random: what must hold has to hold, and what must be possible has to happen,
// or the runs did not get far enough to mean anything. `npm run spec -- --seed=0x1` gives runs again.
import { simulate } from './quint.ts'

interface Exploration {
  what: string
  args: readonly string[]
  /** What some run must show. */
  witnesses: readonly string[]
}

const explorations: readonly Exploration[] = [
  {
    what: 'one of four validators is Byzantine',
    args: ['--invariant=safety', '--max-samples=700', '--max-steps=70'],
    witnesses: [
      'somebodyDecides',
      'somebodyDecidesLate',
      'somebodyIsLocked',
      'somebodyIsConvicted',
      'aLockIsProposedAgain',
    ],
  },
  {
    what: 'two of four are: they can have two blocks decided, and are convicted for it',
    args: [
      '--init=initTwoFaulty',
      '--step=stepTwoFaulty',
      '--invariant=accountability',
      '--max-samples=300',
      '--max-steps=45',
    ],
    witnesses: ['somebodyDisagrees'],
  },
]

for (const { what, args, witnesses } of explorations) {
  console.log(`${what}:`)
  const extra = process.argv.slice(2)
  const { status, output } = await simulate([...args, ...extra, '--witnesses', ...witnesses])
  console.log(output.trim())
  const unseen = witnesses.filter(
    (name) => !new RegExp(`${name} was witnessed in [1-9]`).test(output),
  )
  for (const name of unseen) console.error(`No run showed ${name}: give it more samples or steps`)
  if (status !== 0 || unseen.length > 0) process.exitCode = 1
}
