import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'

const specification = fileURLToPath(
  new URL('../../../../docs/spec/tendermint.qnt', import.meta.url),
)

/** ITF writes integers, sets, maps and variants as objects (Apalache's ADR 15). */
const integer = z.object({ '#bigint': z.string() }).transform((value) => Number(value['#bigint']))
const setOf = <item extends z.ZodType>(item: item) =>
  z.object({ '#set': z.array(item) }).transform((value) => value['#set'])
const step = z.object({ tag: z.enum(['Propose', 'Prevoting', 'Precommitting', 'Decided']) })

const SpecifiedProposal = z.object({
  round: integer,
  id: z.string(),
  validRound: integer,
  by: z.string(),
})
export type SpecifiedProposal = z.infer<typeof SpecifiedProposal>

const SpecifiedVote = SpecifiedProposal.extend({ kind: z.string() })
export type SpecifiedVote = z.infer<typeof SpecifiedVote>

const SpecifiedNode = z.object({
  round: integer,
  step: step.transform(({ tag }) => tag),
  lockedRound: integer,
  lockedId: z.string(),
  validRound: integer,
  validId: z.string(),
  decision: z.string(),
})

const SpecifiedState = z.object({
  nodes: z
    .object({ '#map': z.array(z.tuple([z.string(), SpecifiedNode])) })
    .transform((map) => new Map(map['#map'])),
  sentProposals: setOf(SpecifiedProposal),
  sentVotes: setOf(SpecifiedVote),
  last: z.object({
    node: z.string(),
    input: z.enum(['start', 'proposal', 'vote', 'timeout', 'lie']),
    proposal: SpecifiedProposal,
    vote: SpecifiedVote,
    proof: setOf(SpecifiedVote),
    timeout: step.transform(({ tag }) => tag),
  }),
})
export type SpecifiedState = z.infer<typeof SpecifiedState>

const Trace = z.object({ states: z.array(SpecifiedState) })

/** Runs of the Quint specification, each a list of states; the same seed gives the same runs. */
export async function specificationTraces(options: {
  count: number
  steps: number
  seed: string
}): Promise<SpecifiedState[][]> {
  const program = createRequire(import.meta.url).resolve('@informalsystems/quint/dist/src/cli.js')
  const folder = await mkdtemp(join(tmpdir(), 'quoin-traces-'))
  try {
    await promisify(execFile)(process.execPath, [
      program,
      'run',
      specification,
      '--backend=typescript',
      '--verbosity=1',
      `--max-samples=${options.count}`,
      `--n-traces=${options.count}`,
      `--max-steps=${options.steps}`,
      `--seed=${options.seed}`,
      `--out-itf=${join(folder, '{seq}.itf.json')}`,
    ])
    const names = await readdir(folder)
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
    return texts.map((text) => Trace.parse(JSON.parse(text)).states)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
