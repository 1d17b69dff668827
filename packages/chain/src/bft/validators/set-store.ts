import {
  createValidatorSet,
  decodeRlp,
  encodeRlp,
  hexItem,
  numberItem,
  toBigint,
  toHex,
  toList,
  type ValidatorSet,
  validatorsHash,
} from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { ClassicLevel } from 'classic-level'
import type { ChainErrorCode } from '../../errors.ts'

/** The validators of epochs, durably: each different set once. */
export interface SetStore extends AsyncDisposable {
  ofEpoch(epoch: number): ValidatorSet | null
  /** Durable when it resolves. */
  put(epoch: number, set: ValidatorSet): Promise<void>
}

const maxCached = 64

/** @throws CodedError `STORE_FAILED` */
export async function openSetStore(folder: string): Promise<SetStore> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  const failed = (cause: unknown) =>
    new CodedError<ChainErrorCode>(
      'STORE_FAILED',
      `Cannot keep the validators of epochs in ${folder}: is the disk full?`,
      { cause },
    )
  await level.open().catch((cause) => {
    throw failed(cause)
  })
  const cache = new Map<string, ValidatorSet>()

  function ofHash(hash: Uint8Array): ValidatorSet {
    const key = Buffer.from(hash).toString('hex')
    const known = cache.get(key)
    if (known) return known
    const bytes = level.getSync(setKey(hash))
    if (!bytes) throw new Error(`The store names a set of validators that it lacks: ${key}`)
    const set = decodeSet(bytes)
    if (cache.size >= maxCached) cache.clear()
    cache.set(key, set)
    return set
  }

  return {
    ofEpoch(epoch) {
      const hash = level.getSync(epochKey(epoch))
      return hash ? ofHash(hash) : null
    },
    async put(epoch, set) {
      const hash = hexItem(validatorsHash(set))
      try {
        await level.batch(
          [
            { type: 'put', key: setKey(hash), value: encodeSet(set) },
            { type: 'put', key: epochKey(epoch), value: hash },
          ],
          { sync: true },
        )
      } catch (cause) {
        throw failed(cause)
      }
    },
    [Symbol.asyncDispose]: () => level.close(),
  }
}

function epochKey(epoch: number): Uint8Array {
  const key = Buffer.alloc(9)
  key[0] = 0x01
  key.writeBigUInt64BE(BigInt(epoch), 1)
  return key
}

function setKey(hash: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x02), hash])
}

function encodeSet({ validators }: ValidatorSet): Uint8Array {
  return encodeRlp(
    validators.map(({ address, power, blsPublicKey }) => [
      hexItem(address),
      numberItem(power),
      hexItem(blsPublicKey),
    ]),
  )
}

function decodeSet(bytes: Uint8Array): ValidatorSet {
  return createValidatorSet(
    toList(decodeRlp(bytes), 'validators').map((item) => {
      const [address, power, blsPublicKey] = toList(item, 'validator', 3)
      return {
        address: toHex(address, 'address', 20) satisfies Hex,
        power: toBigint(power, 'power'),
        blsPublicKey: toHex(blsPublicKey, 'blsPublicKey', 48),
      }
    }),
  )
}
