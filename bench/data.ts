/**
 * What data costs: `npm run bench:data -- --size 1024 --rounds 3`. Publishing a file (its CID, encryption,
 * the folder store) beside hashing and encrypting alone and beside `ipfs-unixfs-importer` alone; a question to a
 * million rows beside DuckDB alone. With `--only publish` or `--only query`, one of them.
 */
import { parseArgs } from 'node:util'
import { benchPublish } from './data/publish.ts'
import { benchQuery } from './data/query.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '1000000' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
if (values.only !== 'query') await benchPublish({ sizeMiB: Number(values.size), rounds })
if (values.only !== 'publish') await benchQuery({ rows: Number(values.rows), rounds })
