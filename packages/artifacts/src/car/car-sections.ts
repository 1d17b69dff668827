import { CarWriter } from '@ipld/car/writer'
import type { CID } from 'multiformats/cid'
import type { Block } from '../dag/cid.ts'
import { encodeVarint } from '../dag/varint.ts'

/** The header of a CAR of version 1 with one root. */
export async function carHeader(root: CID): Promise<Uint8Array[]> {
  const { writer, out } = CarWriter.create([root])
  const [header] = await Promise.all([Array.fromAsync(out), writer.close()])
  return header
}

/** One block of a CAR: length, CID, bytes. */
export function* carSection({ cid, bytes }: Block): Generator<Uint8Array> {
  yield Uint8Array.from([...encodeVarint(cid.bytes.length + bytes.length), ...cid.bytes])
  if (bytes.length > 0) yield bytes
}
