import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Execution, openExecution } from '@quoin/execution'
import { CodedError, Scope } from '@quoin/kernel'
import { isObject } from '../params/values.ts'
import { createRpcServer } from '../server/rpc-server.ts'
import { splitChainFile } from './chain-file.ts'
import { compareAnswers } from './compare.ts'
import { type IoFile, readIoFiles } from './io-file.ts'

export interface CaseResult {
  method: string
  name: string
  /** Null when the case is passed. */
  difference: string | null
  notes: string[]
}

export interface SuiteResult {
  cases: CaseResult[]
  /** Set when not all of the chain could be imported. */
  importProblem: string | null
}

/**
 * Replays a folder in the form of ethereum/execution-apis `tests/` over HTTP: `genesis.json`,
 * `chain.rlp`, `headfcu.json`, and for every method a folder of `.io` files.
 */
export async function runSuite(directory: string): Promise<SuiteResult> {
  await using scope = new Scope()
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-conformance-'))
  scope.defer(() => rm(dataDir, { recursive: true, force: true }))
  const genesis = JSON.parse(await readFile(join(directory, 'genesis.json'), 'utf8'))
  const execution = scope.own(await openExecution({ dataDir, genesis }))
  const importProblem = await importChain(execution, await readFile(join(directory, 'chain.rlp')))
  await applyHead(execution, await readFile(join(directory, 'headfcu.json'), 'utf8'))
  const server = scope.own(await createRpcServer({ execution, host: '127.0.0.1', port: 0 }))
  const cases: CaseResult[] = []
  for (const file of await readIoFiles(directory)) cases.push(await runCase(file, server.url))
  return { cases, importProblem }
}

async function importChain(execution: Execution, chain: Uint8Array): Promise<string | null> {
  for (const [index, block] of splitChainFile(chain).entries()) {
    try {
      await execution.importBlock(block)
    } catch (error) {
      if (error instanceof CodedError) return `block ${index + 1}: ${error.message}`
      throw error
    }
  }
  return null
}

async function applyHead({ engine }: Execution, text: string): Promise<void> {
  const [state] = JSON.parse(text).params
  await engine.forkchoiceUpdated(state)
}

async function runCase(file: IoFile, url: string): Promise<CaseResult> {
  const result: CaseResult = { method: file.method, name: file.name, difference: null, notes: [] }
  for (const { request, expected } of file.exchanges) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: request,
    })
    const actual: unknown = await response.json()
    if (isObject(actual) && isObject(expected) && actual.id !== expected.id)
      result.difference ??= 'the id is not the request’s'
    const { difference, note } = compareAnswers(expected, actual, file.specOnly)
    result.difference ??= difference
    if (note) result.notes.push(note)
  }
  return result
}
