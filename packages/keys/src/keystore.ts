import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { bytesToHex, CodedError } from '@quoin/kernel'
import { z } from 'zod'
import { keccak256 } from './keccak.ts'
import { isPrivateKey, privateKeyToAddress } from './secp256k1.ts'

const digits = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`))

/** Web3 Secret Storage version 3, the scrypt form that geth, Foundry and MetaMask write. */
export const Keystore = z.object({
  version: z.literal(3),
  id: z.string(),
  address: digits(20),
  crypto: z.object({
    cipher: z.literal('aes-128-ctr'),
    ciphertext: digits(32),
    cipherparams: z.object({ iv: digits(16) }),
    kdf: z.literal('scrypt'),
    kdfparams: z.object({
      dklen: z.literal(32),
      n: z
        .number()
        .int()
        .min(2)
        .max(1 << 20),
      r: z.number().int().min(1).max(32),
      p: z.number().int().min(1).max(16),
      salt: z.string().regex(/^([0-9a-fA-F]{2}){1,64}$/),
    }),
    mac: digits(32),
  }),
})
export type Keystore = z.infer<typeof Keystore>

const scryptAsync = promisify(scrypt) as (
  password: string,
  salt: Uint8Array,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer>

/** `n` is scrypt's work factor: 2^17 takes about half a second; tests pass less. */
export async function encryptKeystore(
  privateKey: Uint8Array,
  password: string,
  { n = 1 << 17 }: { n?: number } = {},
): Promise<Keystore> {
  const kdfparams = { dklen: 32 as const, n, r: 8, p: 1, salt: randomBytes(32).toString('hex') }
  const key = await deriveKey(password, kdfparams)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()])
  return {
    version: 3,
    id: randomUUID(),
    address: privateKeyToAddress(privateKey).slice(2),
    crypto: {
      cipher: 'aes-128-ctr',
      ciphertext: ciphertext.toString('hex'),
      cipherparams: { iv: iv.toString('hex') },
      kdf: 'scrypt',
      kdfparams,
      mac: macOf(key, ciphertext),
    },
  }
}

/** @throws CodedError `INVALID_KEYSTORE` for another format, `WRONG_PASSWORD` when the MAC differs. */
export async function decryptKeystore(json: unknown, password: string): Promise<Uint8Array> {
  const parsed = Keystore.safeParse(withLowerCaseCrypto(json))
  if (!parsed.success)
    throw new CodedError(
      'INVALID_KEYSTORE',
      `Not a version 3 scrypt keystore: ${z.prettifyError(parsed.error)}`,
    )
  const { crypto } = parsed.data
  const key = await deriveKey(password, crypto.kdfparams)
  const ciphertext = Buffer.from(crypto.ciphertext, 'hex')
  if (macOf(key, ciphertext) !== crypto.mac.toLowerCase())
    throw new CodedError('WRONG_PASSWORD', 'The password does not open this keystore')
  const iv = Buffer.from(crypto.cipherparams.iv, 'hex')
  const decipher = createDecipheriv('aes-128-ctr', key.subarray(0, 16), iv)
  const privateKey = new Uint8Array([...decipher.update(ciphertext), ...decipher.final()])
  if (!isPrivateKey(privateKey))
    throw new CodedError('INVALID_KEYSTORE', 'The keystore does not hold a secp256k1 key')
  return privateKey
}

/** ethers writes the member as `Crypto`. */
function withLowerCaseCrypto(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('Crypto' in json)) return json
  const { Crypto: crypto, ...rest } = json
  return { ...rest, crypto }
}

function deriveKey(password: string, kdf: Keystore['crypto']['kdfparams']): Promise<Buffer> {
  const { n, r, p } = kdf
  const maxmem = 128 * n * r * p + (1 << 25)
  return scryptAsync(password, Buffer.from(kdf.salt, 'hex'), kdf.dklen, { N: n, r, p, maxmem })
}

function macOf(key: Uint8Array, ciphertext: Uint8Array): string {
  return bytesToHex(keccak256(Buffer.concat([key.subarray(16, 32), ciphertext]))).slice(2)
}
