import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:process'
import { fileURLToPath } from 'node:url'

const architectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** The contracts' folder. */
export const contractsFolder = fileURLToPath(new URL('..', import.meta.url))

export interface ForgeRun {
  /** 0 when all is well. */
  status: number
  /** What it said; empty unless it was to be kept. */
  output: string
}

/**
 * Runs forge in the contracts' folder, or in a copy of it. The program itself, not the command that npm
 * links: that one ends with 0 whatever happened.
 */
export function forge(
  args: readonly string[],
  { cwd = contractsFolder, isKept = false }: { cwd?: string; isKept?: boolean } = {},
): ForgeRun {
  const name = `@foundry-rs/forge-${platform}-${architectures[arch] ?? arch}/package.json`
  const manifest = createRequire(import.meta.url).resolve(name)
  const program = new URL(
    platform === 'win32' ? 'bin/forge.exe' : 'bin/forge',
    `file://${manifest}`,
  )
  const { status, error, stdout, stderr } = spawnSync(fileURLToPath(program), args, {
    cwd,
    stdio: isKept ? 'pipe' : 'inherit',
    encoding: 'utf8',
  })
  if (error) throw error
  return { status: status ?? 1, output: isKept ? `${stdout}${stderr}` : '' }
}

/** Its exit status, with its output shown. */
export function runForge(args: readonly string[]): number {
  return forge(args).status
}
