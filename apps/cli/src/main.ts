import { createProgram } from './program.ts'
import { runProgram } from './run-program.ts'

process.exitCode = await runProgram(createProgram, {
  argv: process.argv,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
})
