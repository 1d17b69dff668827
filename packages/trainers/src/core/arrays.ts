/** Named numbers: weights, states of optimizers, trees. */
export type NumericArray = Float32Array | Float64Array | Int32Array
export type Arrays = Readonly<Record<string, NumericArray>>

export function copyArrays(arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, values.slice()]))
}

export function float32Named(arrays: Arrays, name: string): Float32Array {
  const values = arrays[name]
  if (values instanceof Float32Array) return values
  throw new RangeError(`There is no float32 array ${name}`)
}

export function float64Named(arrays: Arrays, name: string): Float64Array {
  const values = arrays[name]
  if (values instanceof Float64Array) return values
  throw new RangeError(`There is no float64 array ${name}`)
}

export function int32Named(arrays: Arrays, name: string): Int32Array {
  const values = arrays[name]
  if (values instanceof Int32Array) return values
  throw new RangeError(`There is no int32 array ${name}`)
}
