import { owned } from '../dag/owned.ts'

export type GcmCall = { key: Uint8Array; nonce: Uint8Array; aad: Uint8Array }

/** AES-GCM by the platform, a 16-byte tag at the end. */
export async function gcmSeal(call: GcmCall, plaintext: Uint8Array): Promise<Uint8Array> {
  const key = await importKey(call.key, 'encrypt')
  return new Uint8Array(await crypto.subtle.encrypt(parameters(call), key, owned(plaintext)))
}

/** Throws when the tag does not fit. */
export async function gcmOpen(call: GcmCall, ciphertext: Uint8Array): Promise<Uint8Array> {
  const key = await importKey(call.key, 'decrypt')
  return new Uint8Array(await crypto.subtle.decrypt(parameters(call), key, owned(ciphertext)))
}

export function importKey(key: Uint8Array, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', owned(key), 'AES-GCM', false, [use])
}

function parameters({ nonce, aad }: GcmCall): AesGcmParams {
  return { name: 'AES-GCM', iv: owned(nonce), additionalData: owned(aad) }
}
