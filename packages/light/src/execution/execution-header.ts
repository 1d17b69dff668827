import { decodeRlp, toBigint, toHex, toList } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { refuseOthers } from '../chain/light-block.ts'
import { lightError } from '../errors.ts'

/** The header of an execution block at Prague (Yellow Paper 4.3; EIPs 1559, 4895, 4844, 4788, 7685). */
export interface ExecutionHeader {
  hash: Hex
  parentHash: Hex
  ommersHash: Hex
  miner: Hex
  stateRoot: Hex
  transactionsRoot: Hex
  receiptsRoot: Hex
  logsBloom: Hex
  difficulty: bigint
  number: bigint
  gasLimit: bigint
  gasUsed: bigint
  timestamp: bigint
  extraData: Hex
  prevRandao: Hex
  nonce: Hex
  baseFeePerGas: bigint
  withdrawalsRoot: Hex
  blobGasUsed: bigint
  excessBlobGas: bigint
  parentBeaconBlockRoot: Hex
  requestsHash: Hex
}

/** @throws CodedError `SERVER_LIED` unless the bytes are the header with that hash */
export function parseExecutionHeader(raw: Hex, expectedHash: Hex): ExecutionHeader {
  const bytes = hexToBytes(raw)
  const hash = bytesToHex(keccak256(bytes))
  if (hash !== expectedHash)
    throw lightError(
      'SERVER_LIED',
      `The header that a server gave is of block ${hash}, the validators signed ${expectedHash}`,
    )
  return refuseOthers('an execution header', () => {
    const items = toList(decodeRlp(bytes), 'an execution header', 21)
    const word = (index: number, what: string) => toHex(items[index], what, 32)
    const number = (index: number, what: string) => toBigint(items[index], what)
    return {
      hash,
      parentHash: word(0, 'parentHash'),
      ommersHash: word(1, 'ommersHash'),
      miner: toHex(items[2], 'miner', 20),
      stateRoot: word(3, 'stateRoot'),
      transactionsRoot: word(4, 'transactionsRoot'),
      receiptsRoot: word(5, 'receiptsRoot'),
      logsBloom: toHex(items[6], 'logsBloom', 256),
      difficulty: number(7, 'difficulty'),
      number: number(8, 'number'),
      gasLimit: number(9, 'gasLimit'),
      gasUsed: number(10, 'gasUsed'),
      timestamp: number(11, 'timestamp'),
      extraData: toHex(items[12], 'extraData'),
      prevRandao: word(13, 'prevRandao'),
      nonce: toHex(items[14], 'nonce', 8),
      baseFeePerGas: number(15, 'baseFeePerGas'),
      withdrawalsRoot: word(16, 'withdrawalsRoot'),
      blobGasUsed: number(17, 'blobGasUsed'),
      excessBlobGas: number(18, 'excessBlobGas'),
      parentBeaconBlockRoot: word(19, 'parentBeaconBlockRoot'),
      requestsHash: word(20, 'requestsHash'),
    }
  })
}
