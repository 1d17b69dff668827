import { resolve } from 'node:path'
import { NodeConfig } from '@quoin/node'
import { z } from 'zod'
import { type Resolved, resolveSettings, type Sources } from './resolve.ts'
import { readSettingsFile } from './settings-file.ts'

/** All that can be set: the node's configuration, and what the other commands need to find a node and an account. */
export const Settings = NodeConfig.extend({
  gatewayUrl: z
    .url()
    .optional()
    .describe('gateway to talk to; the running node of the data folder when absent'),
  rpcUrl: z
    .url()
    .optional()
    .describe('JSON-RPC to talk to; the running node of the data folder when absent'),
  account: z
    .string()
    .min(1)
    .optional()
    .describe('name or address of the account that pays; the development account when absent'),
  passwordFile: z
    .string()
    .min(1)
    .optional()
    .describe('file whose first line is the password of the account'),
})
export type Settings = z.output<typeof Settings>

export type SettingName = keyof typeof Settings.shape

/** Reads quoin.json of the data folder and joins it with flags and environment. */
export async function loadSettings(sources: Omit<Sources, 'file'>): Promise<Resolved<Settings>> {
  const dataDir = String(sources.flags.dataDir ?? sources.env.QUOIN_DATA_DIR ?? '.quoin')
  const resolved = resolveSettings(Settings, { ...sources, file: await readSettingsFile(dataDir) })
  const { values, origins } = resolved
  // A file that is handed from one party to the next names what lies beside it.
  if (origins.genesis?.kind === 'file' && values.genesis !== undefined)
    values.genesis = resolve(dataDir, values.genesis)
  return resolved
}
