import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const program = createRequire(import.meta.url).resolve('@informalsystems/quint/dist/src/cli.js')
const specification = fileURLToPath(new URL('tendermint.qnt', import.meta.url))

/** Runs Quint's simulator, the one that needs nothing downloaded, and gives its exit status and output. */
export async function simulate(
  args: readonly string[],
): Promise<{ status: number | null; output: string }> {
  const options = ['run', specification, '--backend=typescript', '--verbosity=1', ...args]
  const child = spawn(process.execPath, [program, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { status, output }
}
