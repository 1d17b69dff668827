import type { z } from 'zod'
import { cliError } from '../exit-codes.ts'

/** Where a setting's value came from: the flag, the variable or the file that names it. */
export interface Origin {
  kind: 'flag' | 'environment' | 'file' | 'default'
  name: string | null
}

export interface Sources {
  flags: Readonly<Record<string, unknown>>
  env: Readonly<Record<string, string | undefined>>
  /** The members of the settings file; `path` names it in messages. */
  file: { path: string; values: Readonly<Record<string, unknown>> } | null
}

export interface Resolved<T> {
  values: T
  origins: Record<string, Origin>
}

/** `gatewayPort` → `QUOIN_GATEWAY_PORT`. */
export function toVariable(key: string): string {
  return `QUOIN_${toWords(key).join('_').toUpperCase()}`
}

/** `gatewayPort` → `--gateway-port`. */
export function toFlag(key: string): string {
  return `--${toWords(key).join('-')}`
}

function toWords(key: string): string[] {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(' ')
}

/**
 * Joins the sources, flag over environment over file over default, and validates the whole once.
 * @throws CodedError `CONFIG_INVALID` naming the setting, where its value came from and what is wrong with it.
 */
export function resolveSettings<S extends z.ZodObject>(
  schema: S,
  sources: Sources,
): Resolved<z.output<S>> {
  const given: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const key of Object.keys(schema.shape)) {
    const [origin, value] = findValue(key, sources)
    origins[key] = origin
    if (value !== undefined) given[key] = value
  }
  const unknown = Object.keys(sources.file?.values ?? {}).find((key) => !(key in schema.shape))
  if (unknown !== undefined)
    throw cliError('CONFIG_INVALID', `${sources.file?.path}: there is no setting '${unknown}'`)
  const parsed = schema.safeParse(given)
  if (parsed.success) return { values: parsed.data, origins }
  const issue = parsed.error.issues[0]
  const key = String(issue?.path[0] ?? '')
  const origin = origins[key]
  const where = origin?.name ? ` (from ${origin.name})` : ''
  throw cliError('CONFIG_INVALID', `${key}${where}: ${issue?.message ?? 'is not valid'}`)
}

function findValue(key: string, { flags, env, file }: Sources): [Origin, unknown] {
  if (flags[key] !== undefined) return [{ kind: 'flag', name: toFlag(key) }, flags[key]]
  const variable = toVariable(key)
  if (env[variable] !== undefined) return [{ kind: 'environment', name: variable }, env[variable]]
  if (file && file.values[key] !== undefined)
    return [{ kind: 'file', name: file.path }, file.values[key]]
  return [{ kind: 'default', name: null }, undefined]
}
