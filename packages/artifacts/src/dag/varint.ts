/** An unsigned LEB128 number, as protobuf, CIDs and CARs write them. */
export function encodeVarint(value: number): number[] {
  const out: number[] = []
  let rest = value
  while (rest >= 128) {
    out.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
  return out
}
