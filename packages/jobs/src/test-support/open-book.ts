import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { silentLogger } from '@quoin/kernel'
import { createProcessDriver } from '@quoin/machines'
import { JobBook } from '../book/job-book.ts'

/** A book whose inputs all are one file, and whose outputs are kept by their hash alone. */
export async function openBook(directory: string, input: string, maxRunning = 1): Promise<JobBook> {
  return JobBook.open({
    directory,
    driver: await createProcessDriver({ allowTrusted: true }),
    prepare: async (job) => Object.fromEntries(job.inputs.map(({ name }) => [name, input])),
    keep: async (_, outputs) => ({
      outputs: await Promise.all(
        outputs.map(async ({ name, kind, path }) => ({
          name,
          kind,
          cid: createHash('sha256')
            .update(await readFile(path))
            .digest('hex'),
        })),
      ),
    }),
    maxRunning,
    logger: silentLogger,
  })
}
