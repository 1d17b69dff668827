import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { temporaryFolder } from '../test-support/temporary-folder.ts'
import { testBlobStore } from '../testing/index.ts'
import { openFolderStore } from './folder-store.ts'
import { createMemoryStore } from './memory-store.ts'

testBlobStore('the folder store', async () => {
  const folder = await temporaryFolder()
  return {
    ...folder,
    store: await openFolderStore(folder.path),
    async damage(cid: CID) {
      const files = await readdir(folder.path, { recursive: true })
      const path = join(folder.path, files.find((name) => name.endsWith(cid.toString())) ?? '')
      const bytes = await readFile(path)
      bytes[1234] = (bytes[1234] ?? 0) ^ 1
      await writeFile(path, bytes)
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

testBlobStore('the store in memory', async () => {
  const kept = new Map<string, Uint8Array>()
  return {
    store: createMemoryStore({ kept }),
    async damage(cid: CID) {
      const bytes = kept.get(cid.toString())
      if (bytes) bytes[1234] = (bytes[1234] ?? 0) ^ 1
    },
    async [Symbol.asyncDispose]() {},
  }
})
