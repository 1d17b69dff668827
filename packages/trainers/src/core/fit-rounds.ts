import { type Arrays, copyArrays } from './arrays.ts'
import type { Declaration } from './declaration.ts'
import { trainingError } from './errors.ts'
import type { Trainer } from './trainers/trainer.ts'

export interface CurvePoint {
  /** From 1. */
  round: number
  train: number
  validation: number | null
}

/** Where a fit stands between two rounds; all that is needed to go on elsewhere. */
export interface FitState {
  curve: CurvePoint[]
  /** The round with the least validation loss, with what the model was then; null before the first. */
  best: { round: number; loss: number; parameters: Arrays } | null
  isDone: boolean
  trainer: Arrays
}

export interface Fit {
  parameters: Arrays
  curve: CurvePoint[]
  /** The round whose parameters were kept. */
  keptRound: number
}

/**
 * Runs rounds until the last, until nothing changes, or until the validation loss has not fallen for
 * `patience` rounds. With early stopping the best round's parameters are kept, else the last's.
 * @throws TrainingError `DIVERGED`
 */
export async function fitRounds(
  trainer: Trainer,
  options: {
    earlyStopping: Declaration['earlyStopping']
    resume: FitState | null
    signal: AbortSignal | undefined
    onRound(point: CurvePoint, state: () => FitState): Promise<void>
  },
): Promise<Fit> {
  const { earlyStopping, resume, signal, onRound } = options
  const curve = resume ? [...resume.curve] : []
  let best = resume?.best ?? null
  let isDone = resume?.isDone ?? false
  if (resume) trainer.restore(resume.trainer)
  while (!isDone && curve.length < trainer.maxRounds) {
    signal?.throwIfAborted()
    const { trainLoss, isConverged } = await trainer.runRound(curve.length)
    const point = {
      round: curve.length + 1,
      train: trainLoss,
      validation: await trainer.validationLoss(),
    }
    checkLoss(point)
    curve.push(point)
    if (earlyStopping && point.validation !== null) {
      if (best === null || point.validation < best.loss - earlyStopping.minDelta)
        best = { round: point.round, loss: point.validation, parameters: trainer.parameters() }
      isDone = point.round - best.round >= earlyStopping.patience
    }
    isDone ||= isConverged
    const state = { curve: [...curve], best, isDone }
    await onRound(point, () => ({ ...state, trainer: trainer.state() }))
  }
  if (best) return { parameters: copyArrays(best.parameters), curve, keptRound: best.round }
  return { parameters: trainer.parameters(), curve, keptRound: curve.length }
}

function checkLoss({ round, train, validation }: CurvePoint): void {
  if (Number.isFinite(train) && (validation === null || Number.isFinite(validation))) return
  throw trainingError(
    'DIVERGED',
    `The loss is ${train} (training) and ${validation} (validation) after round ${round}: lower the learning rate, or declare a scale for the features`,
    { detail: { round } },
  )
}
