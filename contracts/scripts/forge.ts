import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:process'
import { fileURLToPath } from 'node:url'

const architectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * Runs forge in the contracts' folder and gives its exit status. The program itself, not the command
 * that npm links: that one ends with 0 whatever happened.
 */
export function runForge(args: readonly string[]): number {
  const name = `@foundry-rs/forge-${platform}-${architectures[arch] ?? arch}/package.json`
  const manifest = createRequire(import.meta.url).resolve(name)
  const program = new URL(
    platform === 'win32' ? 'bin/forge.exe' : 'bin/forge',
    `file://${manifest}`,
  )
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  const { status, error } = spawnSync(fileURLToPath(program), args, { cwd, stdio: 'inherit' })
  if (error) throw error
  return status ?? 1
}
