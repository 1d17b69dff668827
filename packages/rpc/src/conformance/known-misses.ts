import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { CaseResult } from './run-suite.ts'

const file = join(import.meta.dirname, '../../fixtures/known-misses.json')

/** Why a case is missed, by `METHOD/NAME` or, for a whole method, by `METHOD`. */
export type KnownMisses = Readonly<Record<string, string>>

export async function readKnownMisses(): Promise<KnownMisses> {
  return z.record(z.string(), z.string()).parse(JSON.parse(await readFile(file, 'utf8')))
}

export function missReason(misses: KnownMisses, { method, name }: CaseResult): string | undefined {
  return misses[`${method}/${name}`] ?? misses[method]
}
