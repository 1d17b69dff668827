import { open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSession, type TableFormat } from '@quoin/data'
import { openBackend, parseDeclaration, trainModel } from '@quoin/trainers'
import { checkpointFile } from './folders.ts'
import type { WorkPlace } from './work-place.ts'

const checkpointEveryMs = 2_000

interface TrainingWork {
  table: string
  format: TableFormat
  declaration: Record<string, unknown>
}

export async function runTrainingWork(work: TrainingWork, place: WorkPlace): Promise<void> {
  const declaration = parseDeclaration(work.declaration)
  const table = await readTable(join(place.inputs, work.table), work.format)
  const resume = await readFile(join(place.checkpoint, checkpointFile)).catch(() => undefined)
  let savedMs = performance.now()
  const { model, report } = await trainModel({
    declaration,
    table,
    backend: await openBackend(declaration.runtime),
    resume: resume && new Uint8Array(resume),
    async onProgress({ round, maxRounds, trainLoss, validationLoss, checkpoint }) {
      place.report({ done: round, of: maxRounds, unit: 'rounds', trainLoss, validationLoss })
      if (performance.now() - savedMs < checkpointEveryMs) return
      await writeCheckpoint(join(place.checkpoint, checkpointFile), checkpoint())
      savedMs = performance.now()
    },
  })
  await writeFile(join(place.outputs, 'report'), JSON.stringify(report))
  await writeFile(join(place.outputs, 'model'), model)
}

async function readTable(path: string, format: TableFormat) {
  await using session = await openSession({
    sources: { data: { path, format } },
    isDeterministic: true,
    limits: {
      queryMs: 24 * 3_600_000,
      memoryBytes: 1 << 30,
      diskBytes: 2 ** 40,
      rows: 100_000_000,
    },
  })
  return await session.read('data')
}

/** Whole or not at all. */
async function writeCheckpoint(path: string, state: Uint8Array): Promise<void> {
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writeFile(state)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
