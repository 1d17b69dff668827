import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../../../bin/quoin.mjs', import.meta.url))

interface Result {
  code: number | null
  stdout: string
  stderr: string
}

function start(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [launcher, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A node on free ports; its first document says where it listens. */
export function startNode(dataDir: string): ChildProcess {
  return start(['up', '--json', '--data-dir', dataDir, '--gateway-port', '0', '--rpc-port', '0'])
}

/** Runs a command to its end. */
export async function quoin(args: string[], env?: Record<string, string>): Promise<Result> {
  const child = start(args, env)
  assert.ok(child.stdout && child.stderr)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, stdout, stderr }
}

export async function firstDocument(child: ChildProcess) {
  assert.ok(child.stdout)
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.endsWith('}\n')) return JSON.parse(output)
  }
  throw new Error(`No document: ${output}`)
}
