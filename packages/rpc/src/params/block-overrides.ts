import type { CallOptions } from '@quoin/execution'
import { field } from './call-object.ts'
import { parseAddress, parseHash, parseObject, parseQuantity, parseUint64 } from './values.ts'

/** The block override set of eth_call (fourth argument), in geth's member names. */
export function parseBlockOverrides(
  value: unknown,
  index: number,
): NonNullable<CallOptions['blockOverrides']> {
  const object = parseObject(value, index)
  const number = field(object, 'number', parseUint64, index)
  const timestamp = field(object, 'time', parseUint64, index)
  const gasLimit = field(object, 'gasLimit', parseUint64, index)
  const miner = field(object, 'feeRecipient', parseAddress, index)
  const mixHash = field(object, 'prevRandao', parseHash, index)
  const baseFeePerGas = field(object, 'baseFeePerGas', parseQuantity, index)
  return {
    ...(number === undefined ? {} : { number }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(gasLimit === undefined ? {} : { gasLimit }),
    ...(miner === undefined ? {} : { miner }),
    ...(mixHash === undefined ? {} : { mixHash }),
    ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
  }
}
