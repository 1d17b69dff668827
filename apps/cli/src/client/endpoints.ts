import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cliError } from '../exit-codes.ts'
import type { Settings } from '../settings/settings.ts'

/** Where a running node can be reached. */
export const Endpoints = z.object({
  pid: z.number().int().positive(),
  /** Null where the node is one of the chain alone. */
  gatewayUrl: z.url().nullable(),
  rpcUrl: z.url(),
  monitorUrl: z.url().nullable().default(null),
})
export type Endpoints = z.infer<typeof Endpoints>

const fileOf = (dataDir: string): string => join(dataDir, 'endpoints.json')

/** Lets other commands find the node that runs on this data folder, whatever its ports are. */
export async function writeEndpoints(dataDir: string, endpoints: Endpoints): Promise<void> {
  const temporary = `${fileOf(dataDir)}.new`
  await using file = await open(temporary, 'w', 0o644)
  await file.writeFile(`${JSON.stringify(endpoints, null, 2)}\n`)
  await rename(temporary, fileOf(dataDir))
}

export async function removeEndpoints(dataDir: string): Promise<void> {
  await rm(fileOf(dataDir), { force: true })
}

/** Null when no node has left its address here, or the one that did has ended without removing it. */
export async function readEndpoints(dataDir: string): Promise<Endpoints | null> {
  let text: string
  try {
    text = await readFile(fileOf(dataDir), 'utf8')
  } catch {
    return null
  }
  const parsed = Endpoints.safeParse(JSON.parse(text))
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null
}

/** The gateway given, else that of the node that runs on the data folder; null where that is a node of the chain alone. */
export async function findGatewayUrl(settings: Settings): Promise<string | null> {
  const running = await readEndpoints(settings.dataDir)
  const { host, gatewayPort } = settings
  if (settings.gatewayUrl) return settings.gatewayUrl
  return running ? running.gatewayUrl : `http://${host}:${gatewayPort}`
}

/**
 * The URLs given, else those of the node that runs on the data folder, else those of the configured ports.
 * @throws CodedError `NOT_FOUND` when the node that runs there has no gateway
 */
export async function findNode(
  settings: Settings,
): Promise<{ gatewayUrl: string; rpcUrl: string }> {
  const gatewayUrl = await findGatewayUrl(settings)
  if (gatewayUrl === null)
    throw cliError(
      'NOT_FOUND',
      `The node on ${settings.dataDir} is one of the chain alone and has no gateway: \`quoin chain status\` shows it, and --gateway-url names another`,
    )
  return { gatewayUrl, rpcUrl: await findRpcUrl(settings) }
}

/** The JSON-RPC given, else that of the node that runs on the data folder, else that of the configured port. */
export async function findRpcUrl(settings: Settings): Promise<string> {
  const running = await readEndpoints(settings.dataDir)
  return settings.rpcUrl ?? running?.rpcUrl ?? `http://${settings.host}:${settings.rpcPort}`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** @throws CodedError `NOT_REACHABLE` instead of fetch's own error. */
export async function fetchFrom(
  url: string,
  init: RequestInit & { signal: AbortSignal },
): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (init.signal.aborted) throw cause
    throw cliError('NOT_REACHABLE', `Nothing answers at ${new URL(url).origin}`, { cause })
  }
}
