#!/usr/bin/env node
// The command may be started by an older Node: hand over to the one this package depends on.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = new URL('../apps/cli/src/main.ts', import.meta.url)
if (Number.parseInt(process.versions.node, 10) >= 24) {
  module.enableCompileCache?.()
  // Worker threads and other nodes read the same cache, by its environment variable alone.
  const cache = module.getCompileCacheDir?.()
  if (cache) process.env.NODE_COMPILE_CACHE ??= dirname(cache)
  await import(main)
} else {
  const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  if (!existsSync(own)) {
    console.error('Quoin is not installed yet: run `npm start` once in its folder.')
    process.exit(1)
  }
  const self = fileURLToPath(import.meta.url)
  const child = spawn(own, [self, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
