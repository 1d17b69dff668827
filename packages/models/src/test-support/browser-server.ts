import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { loadFiles } from '../catalog/load-files.ts'
import type { ArchitectureName } from '../core/architectures.ts'
import { architectures } from '../core/architectures.ts'

const repository = new URL('../../../../', import.meta.url)
const packages = {
  '@quoin/kernel': new URL('packages/kernel/src/index.ts', repository).pathname,
  'onnxruntime-web/wasm': new URL(import.meta.resolve('onnxruntime-web/wasm')).pathname,
  'zod/mini': new URL(import.meta.resolve('zod/mini')).pathname,
}
const imports = Object.fromEntries(
  Object.entries(packages).map(([name, path]) => [name, `/disk${path}`]),
)
const page = `<!doctype html><title>Quoin</title>
<link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>`

/**
 * Serves the sources as a browser can load them: TypeScript with its types stripped, packages by an
 * import map, models under /files/ARCHITECTURE/ROLE. Port 0, this machine only.
 */
export async function serveSources(): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    respond(new URL(request.url ?? '/', 'http://localhost').pathname, response).catch(
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

async function respond(path: string, response: ServerResponse): Promise<void> {
  if (path === '/') return send(response, 'text/html', page)
  const [, kind, architecture, role] = path.split('/')
  if (kind === 'files' && isArchitecture(architecture)) {
    const files = await loadFiles(architecture)
    return send(response, 'application/octet-stream', files[role ?? ''] ?? '')
  }
  const file = new URL(`file://${path.replace(/^\/disk/, '')}`)
  if (!path.startsWith('/disk') || !file.href.startsWith(repository.href))
    throw new RangeError(`${path} is not served`)
  const bytes = await readFile(file)
  if (path.endsWith('.ts'))
    return send(response, 'text/javascript', stripTypeScriptTypes(bytes.toString()))
  const type = path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript'
  send(response, type, bytes)
}

function isArchitecture(name: string | undefined): name is ArchitectureName {
  return name !== undefined && name in architectures
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(200, { 'content-type': type }).end(body)
}
