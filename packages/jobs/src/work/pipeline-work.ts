import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePipeline, runPipeline } from '@quoin/data'
import type { WorkPlace } from './work-place.ts'

export async function runPipelineWork(
  work: { pipeline: Record<string, unknown> },
  { inputs, outputs, report }: WorkPlace,
): Promise<void> {
  const pipeline = parsePipeline(work.pipeline)
  const names = Object.keys(pipeline.inputs)
  await runPipeline(pipeline, {
    paths: Object.fromEntries(names.map((name) => [name, join(inputs, name)])),
    onOutput: ({ name, path }) => copyFile(path, join(outputs, name)),
    onProgress: ({ done, of }) => report({ done, of, unit: 'steps' }),
    limits: { queryMs: 24 * 3_600_000, memoryBytes: 1 << 30, diskBytes: 2 ** 40 },
  })
}
