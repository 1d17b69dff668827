import { open, rm, stat, utimes } from 'node:fs/promises'
import { isNotFound } from './store-failure.ts'

/** A file not touched for this long was left by a process that died. */
const deadAfterMs = 60_000
const beatMs = 10_000

/** Makes a file that says "I am at work", touches it until disposed, then removes it. EEXIST if it is there. */
export async function createHeartbeatFile(
  path: string,
  now: () => number,
): Promise<AsyncDisposable> {
  const file = await open(path, 'wx')
  await file.close()
  await touch(path, now())
  const timer = setInterval(() => touch(path, now()).catch(() => {}), beatMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await rm(path, { force: true })
    },
  }
}

/** Whether the file is there and its owner alive. */
export async function isBeating(path: string, nowMs: number): Promise<boolean> {
  try {
    return nowMs - (await stat(path)).mtimeMs < deadAfterMs
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

async function touch(path: string, atMs: number): Promise<void> {
  await utimes(path, atMs / 1000, atMs / 1000)
}
