/**
 * A set of 32-byte hashes in 16 bytes each, in typed arrays: millions of them cost no objects. Half of a
 * hash stands for it: two of ten million agree in that with a chance of 10⁻²⁵.
 */
export class HashSet {
  #slots: BigUint64Array
  #size = 0

  constructor(capacity = 1 << 16) {
    this.#slots = new BigUint64Array(2 * capacity)
  }

  get size(): number {
    return this.#size
  }

  /** False when it was there already. */
  add(hash: Uint8Array): boolean {
    if (2 * this.#size >= this.#capacity) this.#grow()
    const [high, low] = halves(hash)
    return this.#insert(high, low)
  }

  has(hash: Uint8Array): boolean {
    const [high, low] = halves(hash)
    const slot = this.#find(high, low)
    return this.#slots[slot] === high && this.#slots[slot + 1] === low
  }

  get #capacity(): number {
    return this.#slots.length / 2
  }

  #insert(high: bigint, low: bigint): boolean {
    const slot = this.#find(high, low)
    if (this.#slots[slot] === high && this.#slots[slot + 1] === low) return false
    this.#slots[slot] = high
    this.#slots[slot + 1] = low
    this.#size += 1
    return true
  }

  /** Where the hash is, or the free slot where it would be. */
  #find(high: bigint, low: bigint): number {
    const mask = this.#capacity - 1
    let index = Number(low & BigInt(mask))
    for (;;) {
      const slot = 2 * index
      const isFree = this.#slots[slot] === 0n && this.#slots[slot + 1] === 0n
      if (isFree || (this.#slots[slot] === high && this.#slots[slot + 1] === low)) return slot
      index = (index + 1) & mask
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new BigUint64Array(2 * old.length)
    this.#size = 0
    for (let slot = 0; slot < old.length; slot += 2) {
      const high = old[slot] ?? 0n
      const low = old[slot + 1] ?? 0n
      if (high !== 0n || low !== 0n) this.#insert(high, low)
    }
  }
}

function halves(hash: Uint8Array): [bigint, bigint] {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.length)
  return [view.getBigUint64(0), view.getBigUint64(8)]
}
