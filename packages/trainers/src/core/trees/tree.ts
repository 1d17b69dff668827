import { type Arrays, float32Named, int32Named } from '../arrays.ts'

/** A binary tree, the root first; a leaf has the feature −1. Rows go left where value ≤ threshold. */
export interface Tree {
  feature: Int32Array
  threshold: Float32Array
  left: Int32Array
  right: Int32Array
  value: Float32Array
}

/** The value of the leaf that a row falls in. */
export function leafValue(tree: Tree, features: Float32Array, rowAt: number): number {
  let node = 0
  for (;;) {
    const feature = tree.feature[node]!
    if (feature < 0) return tree.value[node]!
    node =
      features[rowAt + feature]! <= tree.threshold[node]! ? tree.left[node]! : tree.right[node]!
  }
}

/** Trees end to end, with the number of nodes of each. */
export function treesToArrays(trees: readonly Tree[]): Arrays {
  const joinInts = (pick: (tree: Tree) => Int32Array) =>
    Int32Array.from(trees.flatMap((tree) => Array.from(pick(tree))))
  const joinFloats = (pick: (tree: Tree) => Float32Array) =>
    Float32Array.from(trees.flatMap((tree) => Array.from(pick(tree))))
  return {
    sizes: Int32Array.from(trees, ({ feature }) => feature.length),
    feature: joinInts(({ feature }) => feature),
    threshold: joinFloats(({ threshold }) => threshold),
    left: joinInts(({ left }) => left),
    right: joinInts(({ right }) => right),
    value: joinFloats(({ value }) => value),
  }
}

export function arraysToTrees(arrays: Arrays): Tree[] {
  const [feature, left, right] = ['feature', 'left', 'right'].map((name) =>
    int32Named(arrays, name),
  )
  const [threshold, value] = ['threshold', 'value'].map((name) => float32Named(arrays, name))
  let from = 0
  return Array.from(int32Named(arrays, 'sizes'), (size) => {
    const to = from + size
    const tree = {
      feature: feature!.slice(from, to),
      threshold: threshold!.slice(from, to),
      left: left!.slice(from, to),
      right: right!.slice(from, to),
      value: value!.slice(from, to),
    }
    from = to
    return tree
  })
}
