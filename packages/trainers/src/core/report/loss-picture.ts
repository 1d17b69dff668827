import type { CurvePoint } from '../fit-rounds.ts'

const size = { width: 640, height: 260, left: 60, right: 12, top: 12, bottom: 34 }
const maxPoints = 400

/** The loss by round as SVG: training, validation where there is one, and the round that was kept. */
export function lossPicture(curve: readonly CurvePoint[], keptRound: number): string {
  const points = thin(curve)
  const losses = points.flatMap(({ train, validation }) =>
    validation === null ? [train] : [train, validation],
  )
  const least = Math.min(...losses)
  const most = Math.max(...losses)
  const lastRound = points.at(-1)?.round ?? 1
  const x = (round: number) =>
    size.left + ((round - 1) / Math.max(1, lastRound - 1)) * (size.width - size.left - size.right)
  const y = (loss: number) =>
    size.top + ((most - loss) / (most - least || 1)) * (size.height - size.top - size.bottom)
  const path = (lossOf: (point: CurvePoint) => number | null) =>
    points
      .flatMap((point) => {
        const loss = lossOf(point)
        return loss === null ? [] : [`${x(point.round).toFixed(1)},${y(loss).toFixed(1)}`]
      })
      .join(' ')
  const ticks = [0, 1, 2, 3, 4].map((step) => least + ((most - least) * step) / 4)
  const axis = ticks.map(
    (loss) =>
      `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${y(loss).toFixed(1)}" y2="${y(loss).toFixed(1)}"/>` +
      `<text x="${size.left - 6}" y="${(y(loss) + 4).toFixed(1)}" text-anchor="end">${loss.toPrecision(3)}</text>`,
  )
  const kept = x(keptRound).toFixed(1)
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="Loss by round">`,
    ...axis,
    `<line class="kept" x1="${kept}" x2="${kept}" y1="${size.top}" y2="${size.height - size.bottom}"/>`,
    `<polyline class="train" points="${path(({ train }) => train)}"/>`,
    `<polyline class="validation" points="${path(({ validation }) => validation)}"/>`,
    `<text x="${size.left}" y="${size.height - 10}">round 1</text>`,
    `<text x="${size.width - size.right}" y="${size.height - 10}" text-anchor="end">round ${lastRound}</text>`,
    '</svg>',
  ].join('\n')
}

/** So many rounds that a picture can show; the first and the last among them. */
function thin(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  const step = Math.ceil(curve.length / maxPoints)
  return curve.filter((_, index) => index % step === 0 || index === curve.length - 1)
}
