/**
 * What data costs: `npm run bench:data -- --size 1024 --rounds 3`. Publishing a file (its CID, encryption,
 * the folder store) beside hashing and encrypting alone and beside `ipfs-unixfs-importer` alone.
 */
import { parseArgs } from 'node:util'
import { benchPublish } from './data/publish.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
  },
})
await benchPublish({ sizeMiB: Number(values.size), rounds: Number(values.rounds) })
