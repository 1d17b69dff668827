import { type Declaration, type DeclarationInput, declareTraining } from '../core/declaration.ts'

const gradient = { batchSize: 16, learningRate: 0.02 }

/** Short trainings of each kind, with folds and early stopping among them. */
const algorithms: Record<string, Partial<DeclarationInput> & Pick<DeclarationInput, 'algorithm'>> =
  {
    logistic: { algorithm: { kind: 'logistic', maxIterations: 12 } },
    mlp: {
      algorithm: { kind: 'mlp', hidden: [6], epochs: 12, ...gradient },
      earlyStopping: { patience: 3 },
    },
    sgd: {
      algorithm: { kind: 'mlp', optimizer: 'sgd', hidden: [6], epochs: 5, ...gradient },
    },
    trees: {
      algorithm: { kind: 'trees', trees: 5, depth: 3, rowFraction: 0.7, columnFraction: 0.7 },
      crossValidation: { folds: 3 },
    },
  }

export const irisAlgorithms = Object.keys(algorithms)

const irisFeatures: DeclarationInput['features'] = [
  { kind: 'numeric', columns: ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'] },
]

/** @throws RangeError for an algorithm that is not listed here */
export function irisDeclaration(name: string): Promise<Declaration> {
  const chosen = algorithms[name]
  if (!chosen) throw new RangeError(`No test trains with ${name}`)
  return declareTraining({
    task: 'classification',
    target: 'species',
    features: irisFeatures,
    ...chosen,
  })
}
