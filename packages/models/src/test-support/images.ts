const size = 224

/** Three RGB images of 224 × 224 pixels from integers alone: noise, a gradient, a chessboard. */
export function testImages(): Record<'noise' | 'gradient' | 'checks', Uint8Array> {
  let state = 7
  return {
    noise: createImage(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state >>> 24
    }),
    gradient: createImage((x, y, channel) => [x, y, 128][channel] ?? 0),
    checks: createImage((x, y) => (((x >> 4) + (y >> 4)) % 2 === 1 ? 230 : 25)),
  }
}

function createImage(valueAt: (x: number, y: number, channel: number) => number): Uint8Array {
  return Uint8Array.from({ length: size * size * 3 }, (_, index) => {
    const pixel = Math.floor(index / 3)
    return valueAt(pixel % size, Math.floor(pixel / size), index % 3)
  })
}
