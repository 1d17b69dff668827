import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What files below a folder take, without following links. Files that come or go meanwhile may be missed. */
export async function diskUsage(path: string): Promise<number> {
  const stat = await lstat(path).catch(() => null)
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.blocks * 512
  const names = await readdir(path).catch(() => [])
  const sizes = await Promise.all(names.map((name) => diskUsage(join(path, name))))
  return sizes.reduce((total, size) => total + size, stat.blocks * 512)
}
