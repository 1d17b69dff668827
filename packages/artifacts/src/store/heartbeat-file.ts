import { open, rm, stat, utimes } from 'node:fs/promises'
import { isNotFound } from './store-failure.ts'

/** A file not touched for this long was left by a process that died (or slept for as long). */
const deadAfterMs = 600_000
const beatMs = 15_000

/** Made at `startedAtMs`; touched from time to time until it is disposed, which removes it. */
export type HeartbeatFile = AsyncDisposable & { readonly startedAtMs: number }

/** Makes a file that says "I am at work". Fails with EEXIST when it is there. */
export async function createHeartbeatFile(path: string, now: () => number): Promise<HeartbeatFile> {
  const startedAtMs = now()
  await using file = await open(path, 'wx')
  await file.writeFile(JSON.stringify({ startedAtMs }))
  await touch(path, startedAtMs)
  const timer = setInterval(() => touch(path, now()).catch(() => {}), beatMs)
  timer.unref()
  return {
    startedAtMs,
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
