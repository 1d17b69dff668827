import { parsePipeline } from '@quoin/data'
import { cliError } from '../exit-codes.ts'

const maxTableBytes = 1 << 30

/** The job that runs a pipeline: its inputs and outputs are the pipeline's. @throws CodedError `USAGE` */
export function pipelineJob(value: Record<string, unknown>, file: string): object {
  if (value.kind === 'quoin/job/1') return value
  let pipeline: ReturnType<typeof parsePipeline>
  try {
    pipeline = parsePipeline(value)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw cliError('USAGE', `${file} is neither a pipeline nor a job: ${why}`, { cause })
  }
  return {
    kind: 'quoin/job/1',
    work: { kind: 'pipeline', pipeline },
    inputs: Object.entries(pipeline.inputs).map(([name, { cid }]) => ({ name, cid })),
    outputs: Object.keys(pipeline.outputs)
      .sort()
      .map((name) => ({ name, kind: 'dataset', maxBytes: maxTableBytes })),
  }
}
