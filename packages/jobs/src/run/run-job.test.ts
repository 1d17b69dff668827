import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { createProcessDriver, type MachineDriver } from '@quoin/machines'
import { declareTraining } from '@quoin/trainers'
import { type JobInput, parseJob } from '../declaration.ts'
import { type RanJob, type RunOptions, runJob } from './run-job.ts'

/** vega-datasets' entrance would fetch its files; they lie beside it. */
const penguins = new URL('../data/penguins.json', import.meta.resolve('vega-datasets'))

let driver: MachineDriver
let directory: string
let table: string
let attempt = 0

before(async () => {
  driver = await createProcessDriver({ allowTrusted: true })
  directory = await mkdtemp(join(tmpdir(), 'quoin-jobs-'))
  table = join(directory, 'penguins.jsonl')
  const rows: Record<string, unknown>[] = JSON.parse(await readFile(penguins, 'utf8'))
  await writeFile(table, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
})

after(() => rm(directory, { recursive: true }))

async function run(job: JobInput, options: Partial<RunOptions> = {}): Promise<RanJob> {
  const paths = { birds: table, ...options.paths }
  return runJob(parseJob(job), {
    driver,
    directory: join(directory, `job-${attempt++}`),
    ...options,
    paths,
  })
}

const hashOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
const fails = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof CodedError && error.code === code && message.test(error.message)

const pipelineJob: JobInput = {
  kind: 'quoin/job/1',
  work: {
    kind: 'pipeline',
    pipeline: {
      kind: 'quoin/pipeline/1',
      inputs: { birds: { cid: 'bafybirds', format: 'jsonl' } },
      steps: [
        {
          table: 'clean',
          sql: `select Species as species, "Beak Length (mm)" as beak, "Body Mass (g)" as mass from birds
                where "Body Mass (g)" is not null`,
        },
      ],
      outputs: { clean: { table: 'clean', format: 'parquet' } },
    },
  },
  inputs: [{ name: 'birds', cid: 'bafybirds' }],
  outputs: [{ name: 'clean', kind: 'dataset', maxBytes: 1 << 20 }],
}

async function trainingJob(): Promise<JobInput> {
  const declaration = await declareTraining({
    task: 'classification',
    target: 'species',
    features: [{ kind: 'numeric', columns: ['beak', 'mass'] }],
    algorithm: { kind: 'mlp', hidden: [8], epochs: 30 },
  })
  return {
    kind: 'quoin/job/1',
    work: {
      kind: 'training',
      table: 'clean',
      format: 'parquet',
      declaration: JSON.parse(JSON.stringify(declaration)),
    },
    inputs: [{ name: 'clean', cid: 'bafyclean' }],
    outputs: [
      { name: 'model', kind: 'model', maxBytes: 1 << 20 },
      { name: 'report', kind: 'report', maxBytes: 1 << 20 },
    ],
  }
}

describe('a job', () => {
  it('makes the same table again, and the same model of it', async () => {
    const first = await run(pipelineJob)
    const second = await run(pipelineJob)
    const [clean] = first.outputs
    const [again] = second.outputs
    assert.ok(clean && again)
    assert.equal(await hashOf(again.path), await hashOf(clean.path))

    const job = await trainingJob()
    const progress: number[] = []
    const paths = { clean: clean.path }
    const trained = await run(job, { paths, onProgress: ({ done }) => progress.push(done) })
    const retrained = await run(job, { paths })
    assert.equal(await hashOf(modelOf(retrained)), await hashOf(modelOf(trained)))
    assert.deepEqual(
      progress.toSorted((a, b) => a - b),
      progress,
    )
    assert.ok(progress.length > 1)
    const report = JSON.parse(
      await readFile(trained.outputs.find(({ name }) => name === 'report')?.path ?? '', 'utf8'),
    )
    assert.ok(report.metrics.test.accuracy > 0.8, JSON.stringify(report.metrics.test))
  })

  it('goes on after its machine was killed, to the same model', async () => {
    const [clean] = (await run(pipelineJob)).outputs
    const job = await trainingJob()
    const declaration = await declareTraining({
      task: 'classification',
      target: 'species',
      features: [{ kind: 'numeric', columns: ['beak', 'mass'] }],
      algorithm: { kind: 'mlp', hidden: [8], epochs: 800 },
    })
    const long: JobInput = {
      ...job,
      work: { ...job.work, declaration: JSON.parse(JSON.stringify(declaration)) } as never,
    }
    const paths = { clean: clean?.path ?? '' }
    const whole = await run(long, { paths })
    const folder = join(directory, 'stopped')
    const stop = new AbortController()
    const checkpoint = join(folder, 'checkpoint', 'state')
    const stopped = run(long, {
      paths,
      directory: folder,
      signal: stop.signal,
      async onProgress() {
        if (await readFile(checkpoint).catch(() => null)) stop.abort()
      },
    })
    const isFinished = await stopped.then(
      () => true,
      (error) => {
        assert.ok(fails('CANCELLED', /cancelled/)(error), String(error))
        return false
      },
    )
    const rounds: number[] = []
    const resumed = await run(long, {
      paths,
      directory: folder,
      onProgress: ({ done }) => rounds.push(done),
    })
    assert.equal(await hashOf(modelOf(resumed)), await hashOf(modelOf(whole)))
    if (!isFinished) assert.ok((rounds[0] ?? 0) > 1, 'it began anew')
  })

  it('says what is wrong with its data', async () => {
    const lines = join(directory, 'nonsense.jsonl')
    await writeFile(lines, '{"x":\n')
    await assert.rejects(
      run(pipelineJob, { paths: { birds: lines } }),
      fails('JOB_FAILED', /birds: line \d, byte \d/),
    )
  })
})

function modelOf({ outputs }: RanJob): string {
  return outputs.find(({ name }) => name === 'model')?.path ?? ''
}

/** A program of a stranger, with the penguins as its input. */
async function runProgram(source: string, changes: Partial<JobInput> = {}): Promise<RanJob> {
  const program = join(directory, `program-${attempt++}.mjs`)
  await writeFile(program, source)
  return run(
    {
      kind: 'quoin/job/1',
      work: { kind: 'program', program: 'program' },
      inputs: [
        { name: 'program', cid: 'bafyprogram' },
        { name: 'birds', cid: 'bafybirds' },
      ],
      outputs: [{ name: 'answer', kind: 'other', maxBytes: 1000 }],
      ...changes,
    },
    { paths: { program } },
  )
}

const isSandboxed = await createProcessDriver({ allowTrusted: true }).then(
  ({ isolation }) => isolation.safeFor === 'strangers',
)

describe('a stranger’s program', { skip: isSandboxed ? false : 'bubblewrap is not here' }, () => {
  it('reads its inputs, and its declared outputs leave', async () => {
    const { outputs } = await runProgram(`
      import { readFileSync, writeFileSync } from 'node:fs'
      writeFileSync('/outputs/answer', String(readFileSync('/inputs/birds', 'utf8').trim().split('\\n').length))`)
    assert.equal(await readFile(outputs[0]?.path ?? '', 'utf8'), '344')
  })

  const leaks = [
    [
      'a file that was not declared',
      "writeFileSync('/outputs/answer', 'x'); writeFileSync('/outputs/all', birds)",
      /"all", which was not declared/,
    ],
    [
      'an output larger than declared',
      "writeFileSync('/outputs/answer', birds)",
      /bytes, and 1000 are declared/,
    ],
    ['a link to a file outside', "symlinkSync('/etc/passwd', '/outputs/answer')", /no plain file/],
    [
      'a second name for an input',
      "try { linkSync('/inputs/birds', '/outputs/answer') } catch { symlinkSync('/inputs/birds', '/outputs/answer') }",
      /no plain file/,
    ],
    ['a folder', "mkdirSync('/outputs/answer')", /no plain file/],
    ['nothing', '', /made no "answer"/],
  ] as const

  for (const [what, body, message] of leaks)
    it(`lets nothing out that makes ${what}`, async () => {
      const imports =
        "import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'"
      const birds = "const birds = readFileSync('/inputs/birds')"
      await assert.rejects(
        runProgram(`${imports}\n${birds}\n${body}`),
        fails('OUTPUT_REFUSED', message),
      )
    })

  it('finds no network', async () => {
    const { outputs } = await runProgram(`
      import { writeFileSync } from 'node:fs'
      const tried = await Promise.allSettled(['http://127.0.0.1:8402', 'http://1.1.1.1', 'http://localhost'].map((url) => fetch(url)))
      writeFileSync('/outputs/answer', tried.map(({ status }) => status).join())`)
    assert.equal(await readFile(outputs[0]?.path ?? '', 'utf8'), 'rejected,rejected,rejected')
  })

  it('that makes a false model is refused', async () => {
    const outputs: JobInput['outputs'] = [{ name: 'answer', kind: 'model', maxBytes: 1000 }]
    await assert.rejects(
      runProgram("import { writeFileSync } from 'node:fs'; writeFileSync('/outputs/answer', 'x')", {
        outputs,
      }),
      fails('OUTPUT_REFUSED', /"answer" is no model/),
    )
  })

  it('is ended at its limits', async () => {
    const limits = { wallMs: 1000 }
    await assert.rejects(
      runProgram('while (true);', { limits }),
      fails('LIMIT_REACHED', /longer than 1 s/),
    )
  })

  it('that throws is quoted', async () => {
    await assert.rejects(
      runProgram("throw new Error('my own fault')"),
      fails('JOB_FAILED', /my own fault/),
    )
  })
})

describe('a declaration', () => {
  const wrong = [
    [
      { ...pipelineJob, inputs: [{ name: 'birds', cid: 'bafyothers' }] },
      /input birds is not the job's/,
    ],
    [
      { ...pipelineJob, outputs: [{ name: 'other', kind: 'dataset', maxBytes: 1 }] },
      /the pipeline makes clean/,
    ],
    [{ ...pipelineJob, inputs: [] }, /inputs/],
    [{ ...pipelineJob, inputs: [...pipelineJob.inputs, ...pipelineJob.inputs] }, /same name/],
    [{ ...pipelineJob, more: true }, /more/],
    [
      { ...pipelineJob, outputs: [{ name: '../../etc', kind: 'dataset', maxBytes: 1 }] },
      /small letter/,
    ],
    [{ ...pipelineJob, work: { kind: 'program', program: 'none' } }, /program none is not among/],
  ] as const

  for (const [job, message] of wrong)
    it(`is refused: ${message.source}`, () => {
      assert.throws(() => parseJob(job), fails('INVALID_JOB', message))
    })
})
