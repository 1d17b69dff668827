// Runs the Solidity tests, then checks that src/generated equals a fresh build. Arguments go to forge.
import { runForge } from './forge.ts'

process.exitCode = runForge(['test', ...process.argv.slice(2)])
if (process.exitCode === 0) {
  process.argv.push('--check')
  await import('./build.ts')
}
