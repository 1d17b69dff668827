/**
 * Trains on the irises as its arguments say, for tests that kill it: ALGORITHM CHECKPOINT_FILE [KILL_AT].
 * Writes a checkpoint after each round; ends itself with SIGKILL after that many rounds; goes on from the
 * checkpoint if there is one. Prints the model's CID.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { openBackend } from '@quoin/models'
import { trainModel } from '../core/train.ts'
import { irisTable } from './data-sets.ts'
import { irisDeclaration } from './declarations.ts'

const [algorithm = '', file = '', killAt = '0'] = process.argv.slice(2)
const resume = existsSync(file) ? readFileSync(file) : undefined
let rounds = 0
const { modelCid } = await trainModel({
  declaration: await irisDeclaration(algorithm),
  table: irisTable(),
  backend: await openBackend('onnx-wasm'),
  resume,
  onProgress({ checkpoint }) {
    writeFileSync(file, checkpoint())
    rounds += 1
    if (rounds === Number(killAt)) process.kill(process.pid, 'SIGKILL')
  },
})
console.log(modelCid)
process.exit(0)
