import { bytesToHex } from '@quoin/kernel'
import { serverError } from '../errors.ts'
import { parseBlockReference } from '../params/block-reference.ts'
import { parseHash, required } from '../params/values.ts'
import { type MethodContext, type MethodTable, method } from './context.ts'
import { findHeader } from './locate-block.ts'
import { rawTransaction } from './transactions.ts'

/** Encodings as they are on the wire and in the tries. */
export const debugRawMethods: MethodTable = {
  debug_getRawHeader: method(1, async (params, context) => {
    const hash = await requiredHash(params, context)
    const raw = await context.execution.blocks.rawHeader(hash)
    return raw && bytesToHex(raw)
  }),
  debug_getRawBlock: method(1, async (params, context) => {
    const hash = await requiredHash(params, context)
    const raw = await context.execution.blocks.rawBlock(hash)
    return raw && bytesToHex(raw)
  }),
  debug_getRawReceipts: method(1, async (params, context) => {
    const hash = await requiredHash(params, context)
    return (await context.execution.blocks.rawReceipts(hash))?.map(bytesToHex) ?? null
  }),
  debug_getRawTransaction: method(
    1,
    async (params, { execution }) =>
      (await rawTransaction(execution, required(params, 0, parseHash))) ?? '0x',
  ),
}

async function requiredHash(params: readonly unknown[], { execution }: MethodContext) {
  const header = await findHeader(execution, required(params, 0, parseBlockReference))
  if (!header) throw serverError('block not found')
  return header.hash
}
