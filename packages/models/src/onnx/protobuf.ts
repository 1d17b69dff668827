/**
 * Writes protocol buffers (proto3 wire format): just the field kinds that ONNX uses. A message is a
 * list of chunks, so nesting never copies the megabytes of a weight tensor; `encode` copies once.
 */
export class ProtobufMessage {
  readonly #chunks: Uint8Array[] = []
  #size = 0

  /** Signed integers are two's complement in 64 bits, as int32 and int64 fields want it. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, 0)
    return this.#varint(BigInt.asUintN(64, BigInt(value)))
  }

  float(field: number, value: number): this {
    this.#tag(field, 5)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.#push(bytes)
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2)
    this.#varint(BigInt(value.length))
    return this.#push(value)
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  message(field: number, value: ProtobufMessage): this {
    this.#tag(field, 2)
    this.#varint(BigInt(value.#size))
    for (const chunk of value.#chunks) this.#push(chunk)
    return this
  }

  encode(): Uint8Array<ArrayBuffer> {
    const encoded = new Uint8Array(this.#size)
    let offset = 0
    for (const chunk of this.#chunks) {
      encoded.set(chunk, offset)
      offset += chunk.length
    }
    return encoded
  }

  #tag(field: number, wireType: number): void {
    this.#varint(BigInt((field << 3) | wireType))
  }

  #varint(value: bigint): this {
    const bytes: number[] = []
    let rest = value
    do {
      const low = Number(rest & 127n)
      rest >>= 7n
      bytes.push(rest === 0n ? low : low | 128)
    } while (rest !== 0n)
    return this.#push(Uint8Array.from(bytes))
  }

  #push(chunk: Uint8Array): this {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    return this
  }
}
