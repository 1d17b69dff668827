import { importBytes } from '../importing/import-bytes.ts'
import { openFolderStore } from '../store/folder-store.ts'
import { scrub } from '../store/scrub.ts'
import { keystream } from './known-bytes.ts'

/** Publishes more than fits into the store named on the command line and prints what came of it. */
const folder = process.argv[2] ?? ''
const store = await openFolderStore(folder)
const failure = await importBytes(keystream(20_000_000, 'full'), {
  write: store.put.bind(store),
}).catch((error) => error)
const { blocks, wrongCount } = await scrub(store)
const code = failure instanceof Error && 'code' in failure ? failure.code : null
process.stdout.write(JSON.stringify({ code, message: String(failure.message), blocks, wrongCount }))
