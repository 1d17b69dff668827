/** The platform's cryptography wants arrays that no other thread shares by their type; ours never are. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
