import { cidOf, rawCode } from '../dag/cid.ts'
import { openFolderStore } from '../store/folder-store.ts'

/** Puts block after block into the store named on the command line, and prints each CID once it is kept. */
const store = await openFolderStore(process.argv[2] ?? '')
const putFrom = async (start: number) => {
  for (let i = start; ; i += 4) {
    const bytes = new Uint8Array(200_000).fill(i)
    new DataView(bytes.buffer).setUint32(0, i)
    const block = { cid: await cidOf(rawCode, bytes), bytes }
    await store.put(block)
    process.stdout.write(`${block.cid}\n`)
  }
}
await Promise.all([0, 1, 2, 3].map(putFrom))
