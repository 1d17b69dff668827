/** The command line. `main.ts` runs it; this entrance is for those who embed it. */
export { exitCodes } from './exit-codes.ts'
export { createProgram } from './program.ts'
export { type Run, runProgram, type Shell } from './run-program.ts'
