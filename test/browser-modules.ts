import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('..', import.meta.url))
const conditions = ['browser', 'import', 'module', 'default']

/**
 * Serves the repository's modules as a browser can load them, bundling nothing: TypeScript with its types
 * stripped, package names replaced by paths. Port 0, this machine only.
 */
export async function serveModules(): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (path === '/') {
      const page = '<!doctype html><title>Quoin</title><link rel="icon" href="data:,">'
      response.writeHead(200, { 'content-type': 'text/html' }).end(page)
      return
    }
    const isWasm = path.endsWith('.wasm')
    const load = isWasm ? loadBytes(path) : loadModule(path)
    const type = isWasm ? 'application/wasm' : 'text/javascript'
    load.then(
      (source) => response.writeHead(200, { 'content-type': type }).end(source),
      (error: unknown) => response.writeHead(404).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function loadBytes(path: string): Promise<Uint8Array> {
  return readFile(fileInside(path))
}

async function loadModule(path: string): Promise<string> {
  const file = fileInside(path)
  const text = await readFile(file, 'utf8')
  const source = path.endsWith('.ts') ? stripTypeScriptTypes(text) : text
  return source.replace(
    /(\bfrom\s*|\bimport\s*\(?\s*)(['"])([@\w][^'"\n]*)\2/g,
    (whole, before: string, _quote, specifier: string) => {
      const target = isName(specifier) ? resolveName(specifier, file) : null
      return target === null ? whole : `${before}'${urlOf(target)}'`
    },
  )
}

function fileInside(path: string): string {
  const file = join(repository, path)
  if (file.startsWith(repository)) return file
  throw new RangeError(`${path} is not served`)
}

function isName(specifier: string): boolean {
  return /^(?:@[\w-]+\/)?[\w.-]+(?:\/[\w./-]+)?$/.test(specifier)
}

function urlOf(file: string): string {
  return `/${file.slice(repository.length)}`
}

/**
 * A package's file, by the rules of Node for `exports` with a browser's conditions. Null when there is none,
 * as for the examples in comments, which look like imports here too.
 */
function resolveName(specifier: string, from: string): string | null {
  const [, name = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(specifier) ?? []
  for (
    let folder = dirname(from);
    folder.startsWith(repository.slice(0, -1));
    folder = dirname(folder)
  ) {
    const home = join(folder, 'node_modules', name)
    if (!existsSync(join(home, 'package.json'))) continue
    const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
    const target = manifest.exports
      ? pickTarget(manifest.exports, `.${rest}`)
      : rest || manifest.module || manifest.main
    if (target) return join(home, target)
  }
  return null
}

function pickTarget(exports: unknown, subpath: string): string | null {
  const table = Object(exports)
  const isTable = Object.keys(table).some((key) => key.startsWith('.'))
  if (!isTable) return subpath === '.' ? pickCondition(exports) : null
  if (subpath in table) return pickCondition(table[subpath])
  for (const [pattern, target] of Object.entries(table)) {
    const [head = '', tail] = pattern.split('*')
    if (tail === undefined || !subpath.startsWith(head) || !subpath.endsWith(tail)) continue
    const star = subpath.slice(head.length, subpath.length - tail.length)
    return pickCondition(target)?.replace('*', star) ?? null
  }
  return null
}

function pickCondition(target: unknown): string | null {
  if (typeof target === 'string') return target
  const table = Object(target)
  for (const condition of Object.keys(table))
    if (conditions.includes(condition)) {
      const found = pickCondition(table[condition])
      if (found) return found
    }
  return null
}
