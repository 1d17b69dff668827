const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/** CRC-32 as in ISO 3309 and zip: finds bytes that a disk or a cut changed. */
export function checksum(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (let index = 0; index < bytes.length; index++)
    value = table[(value ^ bytes[index]!) & 255]! ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}
