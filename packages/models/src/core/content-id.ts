const base32Digits = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * The CIDv1 (raw codec 0x55, sha2-256) of the bytes in lower-case base32 with the multibase prefix
 * `b`, as IPFS tools print it. Source: github.com/multiformats/cid.
 */
export async function contentId(bytes: Uint8Array): Promise<string> {
  return `b${base32(Uint8Array.of(0x01, 0x55, 0x12, 0x20, ...(await sha256(bytes))))}`
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const view = bytes.buffer instanceof ArrayBuffer ? bytes : Uint8Array.from(bytes)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', view as Uint8Array<ArrayBuffer>))
}

/** RFC 4648 without padding. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let pending = 0
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += base32Digits[(pending >> bits) & 31]
    }
  }
  return bits === 0 ? text : text + base32Digits[(pending << (5 - bits)) & 31]
}
