import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MAX_EVENT_EVERY, progressEvents, progressFor, type Progress } from '../src/progress.ts'
import { paint } from '../src/report/paint.ts'

function reading(
  progress: Progress,
  from: number,
  total: number,
  tick = (): void => undefined,
): void {
  progress.show({ kind: 'started', position: from, total })
  for (let position = from + 1; position <= total; position += 1) {
    tick()
    progress.show({ kind: 'read', position, total })
  }
}

describe('progress', () => {
  it('is a line for each tenth where there is no terminal', () => {
    const lines: string[] = []
    const write = (text: string): void => void lines.push(text)
    const progress = progressFor({ write, isTerminal: false, paint: paint(false), now: () => 0 })
    reading(progress, 250, 1000)
    progress.clear()
    expect(lines).toHaveLength(8)
    expect(lines[0]).toBe('300 of 1 000 commits (30 %)\n')
    expect(lines.at(-1)).toBe('1 000 of 1 000 commits (100 %)\n')
  })

  it('is a bar on a terminal: redrawn now and then, with the time left, and gone at the end', () => {
    const drawn: string[] = []
    let now = 0
    const write = (text: string): void => void drawn.push(text)
    const progress = progressFor({ write, isTerminal: true, paint: paint(true), now: () => now })
    reading(progress, 400, 1000, () => (now += 10))
    expect(drawn.length).toBeLessThan(130)
    const bars = drawn.map((text) => stripVTControlCharacters(text).replaceAll('\r', ''))
    expect(bars[10]).toMatch(/^ {5}─{12}█+[▏▎▍▌▋▊▉]?·+ {2}\d+ of 1 000 commits {2}5 s left$/u)
    progress.clear()
    expect(drawn.at(-1)).toBe('\r\u001b[K')
  })

  it('clears nothing that was not drawn', () => {
    const drawn: string[] = []
    const write = (text: string): void => void drawn.push(text)
    progressFor({ write, isTerminal: true, paint: paint(true), now: () => 0 }).clear()
    expect(drawn).toEqual([])
  })

  it.each([
    [10_000, 10_000 / MAX_EVENT_EVERY],
    [500, 100],
    [40, 40],
  ])('as events of %i commits: %i, and one for the start', (total, expected) => {
    const events: string[] = []
    const progress = progressEvents((text) => void events.push(text))
    reading(progress, 0, total)
    expect(events).toHaveLength(expected + 1)
    expect(events.every((text) => text.endsWith('}\n'))).toBe(true)
  })
})
