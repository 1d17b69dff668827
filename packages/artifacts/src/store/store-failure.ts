import { lstat } from 'node:fs/promises'
import { ArtifactError } from '../errors.ts'

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Says in our words what the file system refused. */
export function storeFailure(folder: string, cause: unknown): ArtifactError {
  const code = systemCode(cause)
  if (code && fullCodes.has(code))
    return new ArtifactError(
      'STORE_FULL',
      `No room left for the store ${folder} (${code}). Free some space or remove pins and collect garbage, then run the same command again: what was kept is not sent twice`,
      { detail: { folder, code }, cause },
    )
  return new ArtifactError(
    'STORE_UNUSABLE',
    `The store ${folder} cannot be used (${code ?? String(cause)}). Check that the folder exists on a healthy disk and is yours to write`,
    { detail: { folder, code }, cause },
  )
}

/** @throws ArtifactError `STORE_UNUSABLE` when something is at `target` already. */
export async function checkFree(target: string): Promise<void> {
  const found = await lstat(target).catch(() => null)
  if (!found) return
  throw new ArtifactError(
    'STORE_UNUSABLE',
    `${target} is there already; name another place or remove it first`,
    { detail: { folder: target } },
  )
}

export function isNotFound(cause: unknown): boolean {
  return systemCode(cause) === 'ENOENT'
}

/** Whether one file cannot be read (a bad sector) though the store works. */
export function isBadFile(cause: unknown): boolean {
  const code = systemCode(cause)
  return code === 'EIO' || code === 'EISDIR'
}

function systemCode(cause: unknown): string | null {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : null
}
