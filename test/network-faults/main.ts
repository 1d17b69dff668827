/** The long form of the fault test: `npm run test:network [-- FAULT-SECONDS [ROUNDS]]`, 4 and 7 validators. */
import { runFaults } from './run-faults.ts'

const [seconds = '8', rounds = '2'] = process.argv.slice(2)
for (const validators of [4, 7]) {
  console.log(`${validators} validators`)
  const options = { validators, faultMs: Number(seconds) * 1_000, rounds: Number(rounds) }
  const { transactions, height } = await runFaults({
    ...options,
    say: (text) => console.log(`  ${text}`),
  })
  console.log(`  ${transactions} transactions, each there once; ${height} equal blocks`)
}
