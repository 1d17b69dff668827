/** What runs inside the machine of a training or a pipeline: files in, files out, progress on standard output. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@quoin/kernel'
import { parseJob } from '../declaration.ts'
import { jobFile } from './folders.ts'
import { failureExitCode, type Message, messageMark } from './messages.ts'
import { runPipelineWork } from './pipeline-work.ts'
import { runTrainingWork } from './training-work.ts'
import type { WorkPlace } from './work-place.ts'

const [job = '', inputs = '', outputs = '', checkpoint = ''] = process.argv.slice(2)

const place: WorkPlace = {
  inputs,
  outputs,
  checkpoint,
  report: (progress) => tell({ progress }),
}

try {
  const { work } = parseJob(JSON.parse(await readFile(join(job, jobFile), 'utf8')))
  if (work.kind === 'pipeline') await runPipelineWork(work, place)
  else if (work.kind === 'training') await runTrainingWork(work, place)
} catch (error) {
  if (!(error instanceof CodedError)) throw error
  tell({ failure: { code: error.code, message: error.message.slice(0, 4000) } })
  process.exitCode = failureExitCode
}

function tell(message: Message): void {
  console.log(messageMark + JSON.stringify(message))
}
