import type { OnnxGraph, ValueName } from '@quoin/models/core'
import { type Arrays, float64Named } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'
import { createRandom, permutation } from '../random.ts'
import { type BinnedFeatures, binFeatures } from '../trees/bin-features.ts'
import { growTree } from '../trees/grow-tree.ts'
import { quantizeSlopes } from '../trees/histogram.ts'
import { type BoostingLoss, binaryLoss, softmaxLoss, squaredLoss } from '../trees/loss.ts'
import { arraysToTrees, leafValue, type Tree, treesToArrays } from '../trees/tree.ts'
import type { Examples, Problem, TrainerKind } from './trainer.ts'

type Boosting = Extract<Algorithm, { kind: 'trees' }>

const rowStream = 20
const columnStream = 21

/**
 * Gradient-boosted trees (Friedman 2001; second-order as in XGBoost). A round is a tree, or one for each
 * of three or more classes. JavaScript throughout: float64 with exact sums, no function that engines
 * may round otherwise.
 */
export const boostedTrees: TrainerKind<Boosting> = {
  async open(_backend, algorithm, problem) {
    const { train, validation, width } = problem
    const binned = binFeatures(train.features, { rows: train.rows, width, most: algorithm.bins })
    const loss = lossOf(problem)
    let trees: Tree[] = []
    let trainScores = startScores(loss, train)
    let validationScores = validation && startScores(loss, validation)
    const addTrees = (round: readonly Tree[]) => {
      trees = [...trees, ...round]
      for (const [output, tree] of round.entries()) {
        addScores(trainScores, train, { tree, output, loss, width })
        if (validation && validationScores)
          addScores(validationScores, validation, { tree, output, loss, width })
      }
    }
    return {
      maxRounds: algorithm.trees,
      async runRound(index) {
        addTrees(growRound({ algorithm, problem, binned, loss }, trainScores, index))
        const trainLoss = loss.mean(trainScores, train.targets)
        return { trainLoss, isConverged: false }
      },
      validationLoss: async () =>
        validation && validationScores ? loss.mean(validationScores, validation.targets) : null,
      parameters: () => ({ ...treesToArrays(trees), start: loss.start.slice() }),
      state: () => treesToArrays(trees),
      restore(state) {
        trees = []
        trainScores = startScores(loss, train)
        validationScores = validation && startScores(loss, validation)
        const all = arraysToTrees(state)
        for (let from = 0; from < all.length; from += loss.outputs)
          addTrees(all.slice(from, from + loss.outputs))
      },
      async [Symbol.asyncDispose]() {},
    }
  },
  addPredictor(graph, features, { form: { classes }, parameters }) {
    const scores = addEnsemble(graph, features, parameters)
    if (classes === null) return scores
    if (classes > 2) return graph.node('Softmax', [scores], { axis: -1 })
    const second = graph.node('Sigmoid', [scores])
    const first = graph.node('Sub', [graph.float32([1], []), second])
    return graph.node('Concat', [first, second], { axis: 1 })
  },
}

interface Setup {
  algorithm: Boosting
  problem: Problem
  binned: BinnedFeatures
  loss: BoostingLoss
}

function growRound(
  { algorithm, problem: { seed, width }, binned, loss }: Setup,
  scores: Float64Array,
  index: number,
): Tree[] {
  return Array.from({ length: loss.outputs }, (_, output) => {
    const { gradients, curvatures } = loss.slopes(scores, output)
    const slopes = quantizeSlopes(gradients, curvatures)
    const rows = drawPart(binned.rows, algorithm.rowFraction, [seed, rowStream, index])
    const features = drawPart(width, algorithm.columnFraction, [seed, columnStream, index, output])
    return growTree(binned, { rows, slopes }, { ...algorithm, features })
  })
}

/** That part of 0 … `count` − 1, at least one, ascending. */
function drawPart(
  count: number,
  fraction: number,
  [seed = 0, ...stream]: readonly number[],
): Int32Array {
  if (fraction === 1) return Int32Array.from({ length: count }, (_, index) => index)
  const size = Math.max(1, Math.floor(count * fraction))
  return permutation(count, createRandom(seed, ...stream))
    .slice(0, size)
    .sort()
}

function lossOf({ classes, train: { targets } }: Problem): BoostingLoss {
  if (targets instanceof Float64Array) return squaredLoss(targets)
  return classes === null || classes === 2 ? binaryLoss(targets) : softmaxLoss(targets, classes)
}

function startScores({ outputs, start }: BoostingLoss, { rows }: Examples): Float64Array {
  return Float64Array.from({ length: rows * outputs }, (_, at) => start[at % outputs]!)
}

function addScores(
  scores: Float64Array,
  { rows, features }: Examples,
  { tree, output, loss, width }: { tree: Tree; output: number; loss: BoostingLoss; width: number },
): void {
  for (let row = 0; row < rows; row++)
    scores[row * loss.outputs + output]! += leafValue(tree, features, row * width)
}

/** ai.onnx.ml's TreeEnsembleRegressor: [rows, width] to [rows, outputs]. */
function addEnsemble(graph: OnnxGraph, features: ValueName, parameters: Arrays): ValueName {
  const start = float64Named(parameters, 'start')
  const trees = arraysToTrees(parameters)
  const nodes = trees.flatMap((tree, treeId) =>
    Array.from(tree.feature, (feature, nodeId) => ({ tree, treeId, nodeId, feature })),
  )
  const leaves = nodes.filter(({ feature }) => feature < 0)
  return graph.node('ai.onnx.ml/TreeEnsembleRegressor', [features], {
    n_targets: start.length,
    base_values: { floats: start },
    nodes_treeids: nodes.map(({ treeId }) => treeId),
    nodes_nodeids: nodes.map(({ nodeId }) => nodeId),
    nodes_featureids: nodes.map(({ feature }) => Math.max(0, feature)),
    nodes_modes: { strings: nodes.map(({ feature }) => (feature < 0 ? 'LEAF' : 'BRANCH_LEQ')) },
    nodes_values: { floats: nodes.map(({ tree, nodeId }) => tree.threshold[nodeId]!) },
    nodes_truenodeids: nodes.map(({ tree, nodeId }) => tree.left[nodeId]!),
    nodes_falsenodeids: nodes.map(({ tree, nodeId }) => tree.right[nodeId]!),
    target_treeids: leaves.map(({ treeId }) => treeId),
    target_nodeids: leaves.map(({ nodeId }) => nodeId),
    target_ids: leaves.map(({ treeId }) => treeId % start.length),
    target_weights: { floats: leaves.map(({ tree, nodeId }) => tree.value[nodeId]!) },
  })
}
