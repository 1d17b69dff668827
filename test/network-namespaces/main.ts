/**
 * The fault test on the kernel's own network, as root: `npm run test:netns [-- FAULT-SECONDS [VALIDATORS]]`.
 * Where namespaces cannot be made it says why, and that `npm run test:network` does the like over proxies.
 */
import { Lab } from './lab.ts'
import { runNamespaces } from './run-namespaces.ts'

const [seconds = '8', validators = '4'] = process.argv.slice(2)
const problem = Lab.whyNot()
if (problem !== null) {
  console.log(`SKIPPED: no network namespaces can be made here (${problem}).`)
  console.log('`npm run test:network` runs the same kinds of faults over proxies.')
} else {
  const options = { validators: Number(validators), faultMs: Number(seconds) * 1_000 }
  const { transactions, height } = await runNamespaces({
    ...options,
    say: (text) => console.log(`  ${text}`),
  })
  console.log(`  ${transactions} transactions, each there once; ${height} equal blocks`)
}
