import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { bytesToHex, hexToBytes } from '@quoin/kernel'
import { z } from 'zod'
import { exchangeError } from '../errors.ts'

const schema = z.strictObject({
  format: z.literal('quoin/sealed-key/1'),
  nonce: z.string().regex(/^0x[0-9a-f]{24}$/),
  sealed: z.string().regex(/^0x[0-9a-f]{96}$/),
})

/** Seals content keys for the disk: AES-256-GCM under a key that is derived from the node's own. */
export interface Vault {
  seal(contentKey: Uint8Array, cid: string): string
  /** @throws CodedError `CATALOGUE_BROKEN` */
  open(text: string, cid: string): Uint8Array
}

export function createVault(nodeKey: Uint8Array): Vault {
  const key = new Uint8Array(hkdfSync('sha256', nodeKey, '', 'quoin/content-keys/1', 32))
  return {
    seal(contentKey, cid) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(cid))
      const sealed = Buffer.concat([cipher.update(contentKey), cipher.final(), cipher.getAuthTag()])
      const file = { format: 'quoin/sealed-key/1', nonce: bytesToHex(nonce) }
      return JSON.stringify({ ...file, sealed: bytesToHex(sealed) })
    },
    open(text, cid) {
      try {
        const { nonce, sealed } = schema.parse(JSON.parse(text))
        const bytes = hexToBytes(sealed)
        const decipher = createDecipheriv('aes-256-gcm', key, hexToBytes(nonce))
        decipher.setAAD(Buffer.from(cid)).setAuthTag(bytes.subarray(32))
        return new Uint8Array(
          Buffer.concat([decipher.update(bytes.subarray(0, 32)), decipher.final()]),
        )
      } catch (cause) {
        const what = `The content key of ${cid} does not open with this node's provider key`
        throw exchangeError('CATALOGUE_BROKEN', what, { cause })
      }
    },
  }
}
