import { ByteInput, latin1, unknownOutput } from './byte-input.ts'
import { startGit, type GitPlace, type GitProcess } from './git.ts'

/** Git takes content for binary when a NUL is among so many of its first bytes. */
const BINARY_PROBE_BYTES = 8000

/** Git takes larger content for binary without a look; see `bigFileThreshold`. */
const BIG_FILE_BYTES = 512 * 1024 * 1024

const LINE_FEED = 0x0a

/**
 * Counts the lines of single files, for the one case in which a difference does not tell: a binary
 * file that was changed may be text now. One git answers all questions; the first starts it.
 */
export class BlobLines {
  readonly #place: GitPlace
  #git: { readonly process: GitProcess; readonly input: ByteInput } | undefined

  constructor(place: GitPlace) {
    this.#place = place
  }

  /** The number of lines, or `'binary'`. Throws a `GitError`. */
  async count(object: string): Promise<number | 'binary'> {
    const { process, input } = (this.#git ??= start(this.#place))
    process.input.write(`${object}\n`)
    const header = latin1(await input.until(LINE_FEED))
    const sizeBytes = Number(/^[0-9a-f]+ blob ([0-9]+)$/u.exec(header)?.[1] ?? Number.NaN)
    if (Number.isNaN(sizeBytes)) throw unknownOutput('a file')
    const counter = lineCounter()
    await input.take(sizeBytes, (part) => counter.visit(part))
    await input.until(LINE_FEED)
    return sizeBytes > BIG_FILE_BYTES ? 'binary' : counter.lines()
  }

  /** Ends the git, if one was started. */
  async close(): Promise<void> {
    await this.#git?.process.stop()
    this.#git = undefined
  }
}

function start(place: GitPlace): { process: GitProcess; input: ByteInput } {
  const process = startGit(place, ['cat-file', '--batch'])
  return { process, input: new ByteInput(process.output) }
}

function lineCounter(): { visit(part: Uint8Array): void; lines(): number | 'binary' } {
  let [seenBytes, lineFeeds, last, binary] = [0, 0, LINE_FEED, false]
  return {
    visit(part) {
      const probe = part.subarray(0, Math.max(BINARY_PROBE_BYTES - seenBytes, 0))
      binary ||= probe.includes(0)
      for (let at = part.indexOf(LINE_FEED); at >= 0; at = part.indexOf(LINE_FEED, at + 1)) {
        lineFeeds += 1
      }
      seenBytes += part.length
      last = part.at(-1) ?? last
    },
    lines: () => (binary ? 'binary' : lineFeeds + (last === LINE_FEED ? 0 : 1)),
  }
}
