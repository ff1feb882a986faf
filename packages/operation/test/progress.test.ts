import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { runOperation } from '../src/index.ts'
import { terminalProgress } from '../src/progress/index.ts'
import { progressLine } from '../src/progress/progress-line.ts'
import { startTally } from '../src/progress/tally.ts'

const half = { ...startTally('pages', 0, true), total: 1000 }

describe('progress', () => {
  it('takes the rate and the remaining time from the work of this run', () => {
    const line = progressLine({ ...half, done: 100, skipped: 400 }, 10_000)
    expect(line).toBe(
      'pages  [##########..........]  500/1000 items  (400 earlier)  10/s  50 s left',
    )
  })

  it('promises nothing where nothing was done yet', () => {
    expect(progressLine({ ...half, skipped: 400 }, 10_000)).not.toMatch(/left|\/s/)
    expect(progressLine({ ...half, done: 3 }, 10)).not.toMatch(/left|\/s/)
    expect(progressLine({ ...half, total: undefined, done: 30 }, 3_000)).toBe(
      'pages  30 items  10/s',
    )
  })

  it('writes plain lines where there is no terminal, or colours are not wanted', async () => {
    for (const env of [{}, { CI: 'true' }, { NO_COLOR: '1' }]) {
      const written: string[] = []
      const isTTY = Object.keys(env).length > 0
      const output = { isTTY, write: (text: string) => void written.push(text) }
      const { onEvent, close } = terminalProgress({ output, env })
      const options = { store: new MemoryBlobStore(), name: 'op', onEvent }
      unwrap(
        await runOperation(options, async (ctx) => {
          await ctx.step('fetch', () => 1)
          await ctx.map('page', [1, 2, 3], { key: (n) => n }, (n) => n)
        }),
      )
      close()
      expect(written.join('')).toMatch(/^fetch: done\npage .* 3\/3 items.*\n$/)
      expect(written.join('')).not.toContain('\u001b')
    }
  })

  it('redraws one line for each running map on a terminal, never wider than it', () => {
    const written: string[] = []
    const output = { isTTY: true, columns: 40, write: (text: string) => void written.push(text) }
    let nowMs = 0
    const { onEvent, close } = terminalProgress({ output, now: () => nowMs })
    onEvent({ type: 'mapStarted', step: 'a very long name of a map', total: 1000 })
    for (let i = 0; i < 1000; i++) {
      nowMs += 10
      onEvent({ type: 'stepDone', step: 'a very long name of a map', key: String(i), attempt: 1 })
    }
    close()
    expect(written.length).toBeLessThan(110)
    const escape = String.fromCharCode(27)
    for (const text of written) {
      const [line = ''] = text.split('\r').at(-1)?.replace(`${escape}[J`, '').split('\n') ?? []
      expect(line.length).toBeLessThan(40)
    }
  })
})
