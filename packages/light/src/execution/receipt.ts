import { decodeRlp, toBigint, toHex, toList } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'

/** A receipt as it is in the trie (EIP-2718, EIP-658). */
export interface ProvenReceipt {
  type: number
  isSuccess: boolean
  cumulativeGasUsed: bigint
  logsBloom: Hex
  logs: { address: Hex; topics: Hex[]; data: Hex }[]
}

/** @throws CodedError `INVALID_ENCODING` */
export function parseReceipt(raw: Uint8Array): ProvenReceipt {
  const isLegacy = (raw[0] ?? 0) >= 0xc0
  const payload = decodeRlp(isLegacy ? raw : raw.subarray(1))
  const [status, gas, bloom, logs] = toList(payload, 'a receipt', 4)
  return {
    type: isLegacy ? 0 : (raw[0] ?? 0),
    isSuccess: toBigint(status, 'status') === 1n,
    cumulativeGasUsed: toBigint(gas, 'cumulativeGasUsed'),
    logsBloom: toHex(bloom, 'logsBloom', 256),
    logs: toList(logs, 'logs').map((log) => {
      const [address, topics, data] = toList(log, 'a log', 3)
      return {
        address: toHex(address, 'address', 20),
        topics: toList(topics, 'topics').map((topic) => toHex(topic, 'a topic', 32)),
        data: toHex(data, 'data'),
      }
    }),
  }
}
