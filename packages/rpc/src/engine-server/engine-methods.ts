import { CodedError } from '@quoin/kernel'
import { NumberedError } from '../errors.ts'
import { type MethodTable, method } from '../methods/context.ts'
import { methodTable } from '../methods/table.ts'
import { optional, parseData, parseHash, parseList, required } from '../params/values.ts'
import { parseAttributes, parseForkchoice, parsePayload } from './payload-params.ts'

/** Numbers of the Engine API (common.md, Errors) for the execution's codes. */
const engineErrors: Readonly<Record<string, number>> = {
  UNKNOWN_PAYLOAD: -38001,
  INVALID_FORKCHOICE: -38002,
  INVALID_ATTRIBUTES: -38003,
}

const noBlobs = { commitments: [], proofs: [], blobs: [] }

/** The Engine API as of Prague, and the eth_* methods that it wants on the same port. */
export const engineMethods: MethodTable = {
  ...methodTable,
  engine_exchangeCapabilities: method(1, () => [
    'engine_forkchoiceUpdatedV3',
    'engine_getPayloadV4',
    'engine_newPayloadV4',
    'engine_getClientVersionV1',
  ]),
  engine_getClientVersionV1: method(1, (_, { clientVersion }) => [
    { code: 'QN', name: 'Quoin', version: clientVersion, commit: '00000000' },
  ]),
  engine_forkchoiceUpdatedV3: method(2, (params, { execution }) => {
    const attributes = optional(params, 1, parseAttributes, undefined)
    const state = required(params, 0, parseForkchoice)
    return numbered(execution.engine.forkchoiceUpdated(state, attributes))
  }),
  engine_getPayloadV4: method(1, async (params, { execution }) => ({
    ...(await numbered(execution.engine.getPayload(required(params, 0, parseData)))),
    blobsBundle: noBlobs,
    shouldOverrideBuilder: false,
  })),
  engine_newPayloadV4: method(4, (params, { execution }) =>
    numbered(
      execution.engine.newPayload(
        required(params, 0, parsePayload),
        required(params, 1, (value, index) => parseList(value, index, parseHash)),
        required(params, 2, parseHash),
        required(params, 3, (value, index) => parseList(value, index, parseData)),
      ),
    ),
  ),
}

async function numbered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const number = error instanceof CodedError ? engineErrors[error.code] : undefined
    if (number === undefined || !(error instanceof Error)) throw error
    throw new NumberedError(number, error.message)
  }
}
