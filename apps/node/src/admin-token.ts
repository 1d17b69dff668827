import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readOrCreate } from './private-file.ts'

/** The bearer token of the gateway's operator routes: whoever can read the data folder is the operator. */
export async function readAdminToken(dataDir: string): Promise<string> {
  const token = await readOrCreate(join(dataDir, 'admin-token'), async () =>
    randomBytes(32).toString('base64url'),
  )
  return token.trim()
}
