import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@quoin/kernel'
import { createPrivateKey, decryptKeystore, encryptKeystore } from '@quoin/keys'
import { readOrCreate } from './private-file.ts'

/**
 * The node's own keys, 32 bytes each: one signs blocks, one owns the services and signs receipts, one names
 * the node to its peers.
 */
export interface NodeKeys {
  validator: Uint8Array
  provider: Uint8Array
  network: Uint8Array
}

/**
 * Opens the node's keystores, or makes them at the first start. Without a password of the operator's, a
 * random one is kept beside them, readable by the owner only: good for development, and said so in the docs.
 * @throws CodedError `WRONG_PASSWORD`, `INVALID_KEYSTORE`
 */
export async function openNodeKeys(dataDir: string, password?: string): Promise<NodeKeys> {
  const folder = join(dataDir, 'keys')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const secret =
    password ??
    (await readOrCreate(join(folder, 'password'), async () =>
      randomBytes(32).toString('base64url'),
    ))
  // A random password of 256 bits needs no stretching; one that a person chose does.
  const scryptN = password === undefined ? 1 << 12 : 1 << 17
  const openNamed = (name: string) => openKey(join(folder, `${name}.json`), secret, scryptN)
  const [validator, provider, network] = await Promise.all([
    openNamed('validator'),
    openNamed('provider'),
    openNamed('network'),
  ])
  return { validator, provider, network }
}

async function openKey(path: string, password: string, n: number): Promise<Uint8Array> {
  const keystore = await readOrCreate(path, async () =>
    JSON.stringify(await encryptKeystore(createPrivateKey(), password, { n }), null, 2),
  )
  try {
    return await decryptKeystore(JSON.parse(keystore), password)
  } catch (cause) {
    if (cause instanceof CodedError)
      throw new CodedError(
        cause.code,
        `${path}: ${cause.message}; the node's keys open with QUOIN_NODE_PASSWORD as it was at the first start`,
        { cause },
      )
    throw new CodedError('INVALID_KEYSTORE', `${path} is not JSON`, { cause })
  }
}
