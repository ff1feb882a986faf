/**
 * Answers a question that has `width` possible answers with one of 0 … `width` - 1.
 *
 * Code that asks all its questions this way can be run through every answer, or through a sample.
 */
export type Choose = (width: number) => number

/**
 * One {@link Choose} after another, until every sequence of answers was given once, depth first.
 *
 * Whoever asks must ask the same questions after the same answers.
 */
export function* everyChoice(): Generator<Choose, void, void> {
  const path: { answer: number; readonly width: number }[] = []
  for (;;) {
    let depth = 0
    yield (width) => {
      const asked = (path[depth] ??= { answer: 0, width })
      if (asked.width !== width) throw new Error('the same answers led to another question')
      depth += 1
      return asked.answer
    }
    let last = path.at(-1)
    while (last !== undefined && last.answer + 1 === last.width) {
      path.pop()
      last = path.at(-1)
    }
    if (last === undefined) return
    last.answer += 1
  }
}

/** Numbers in [0, 1) that look random and are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Every answer equally likely. */
export function evenly(random: () => number): Choose {
  return (width) => Math.floor(random() * width)
}
