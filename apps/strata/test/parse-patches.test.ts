import { isTidemarkError } from '@tidemark/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteInput, MAX_FIELD_BYTES } from '../src/history/byte-input.ts'
import { parsePatches, type Patch, type PatchedCommit } from '../src/history/parse-patches.ts'

const OBJECT = 'ab'.repeat(20)

/** Lines that look like what surrounds them: content, never headers. */
const HOSTILE_LINES = [
  'diff --git a/x b/x',
  '@@ -1,2 +3,4 @@',
  `\u0001${OBJECT}\0`,
  '\\ No newline at end of file',
  'Binary files a/x and b/x differ',
  ':100644 100644 0 0 M\0path\0',
  '',
  '\r',
]

interface Hunk {
  readonly oldStart: number
  readonly oldLines: readonly string[]
  readonly newStart: number
  readonly newLines: readonly string[]
  readonly endsWithoutNewline: boolean
}

const ONE_LINE = { oldStart: 1, newStart: 1, endsWithoutNewline: false }

interface ModelPatch {
  readonly status: string
  readonly from: string
  readonly path: string
  readonly hunks: readonly Hunk[]
  readonly binary: boolean
}

const line = fc.oneof(fc.constantFrom(...HOSTILE_LINES), fc.string({ unit: 'binary-ascii' }))
const oneLine = line.map((text) => text.replaceAll('\n', ''))
const hunk: fc.Arbitrary<Hunk> = fc.record({
  oldStart: fc.nat(99_999),
  oldLines: fc.array(oneLine, { maxLength: 3 }),
  newStart: fc.nat(99_999),
  newLines: fc.array(oneLine, { maxLength: 3 }),
  endsWithoutNewline: fc.boolean(),
})
const path = fc
  .oneof(fc.constantFrom('a', ':b', '\u0001c', 'a b/"c"', 'new\nline', 'diff --git'), fc.string())
  .map((text) => `${text.replaceAll('\0', '')}.`)
const patch: fc.Arbitrary<ModelPatch> = fc
  .record({
    status: fc.constantFrom('A', 'M', 'D', 'R', 'C', 'T'),
    from: path,
    path,
    hunks: fc.array(hunk, { maxLength: 3 }),
    binary: fc.boolean(),
  })
  .map((each) => ({
    ...each,
    path: 'RC'.includes(each.status) ? each.path : each.from,
    hunks: each.binary ? [] : each.hunks,
  }))
const cutSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })
const commits = fc.array(fc.array(patch, { maxLength: 4 }), { maxLength: 4 })

describe('parsing what git writes', () => {
  it('reads every commit exactly, whatever the content and wherever the stream is cut', async () => {
    await fc.assert(
      fc.asyncProperty(commits, cutSizes, async (all, cuts) => {
        const bytes = encode(all.map(written).join(''))
        const parsed = await parse(inChunks(bytes, endless(cuts)))
        expect(parsed.map(({ patches }) => patches)).toEqual(all.map((each) => each.map(expected)))
        expect(parsed.every(({ id }) => id === OBJECT)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('steps over a line of any length without holding it', async () => {
    const long = 'x'.repeat(3 * MAX_FIELD_BYTES)
    const model: ModelPatch = {
      status: 'M',
      from: 'f',
      path: 'f',
      binary: false,
      hunks: [{ ...ONE_LINE, oldLines: [long], newLines: [long], endsWithoutNewline: true }],
    }
    const parsed = await parse(inChunks(encode(written([model])), endless([65_536])))
    expect(parsed[0]?.patches).toEqual([expected(model)])
  })

  it('refuses a header without end instead of holding it', async () => {
    const headerOnly = encode(`\u0001${'a'.repeat(2 * MAX_FIELD_BYTES)}`)
    await expectUnknown(parse(inChunks(headerOnly, endless([65_536]))))
  })

  it('never takes a part of a hunk for the whole, wherever the output ends', async () => {
    const model: ModelPatch = {
      status: 'R',
      from: 'old',
      path: 'new',
      binary: false,
      hunks: [{ ...ONE_LINE, oldLines: ['a'], newLines: ['b'] }],
    }
    const text = written([model])
    let refused = 0
    for (let length = 1; length < text.length; length += 1) {
      const chunks = inChunks(encode(text.slice(0, length)), endless([7]))
      const outcome: unknown = await parse(chunks).catch((thrown: unknown) => thrown)
      if (isTidemarkError(outcome, 'GIT_OUTPUT_UNKNOWN')) refused += 1
      // Cut between two lines of a header nothing tells that more was due; git's exit does.
      else expect(text.slice(0, length)).not.toContain('@@')
    }
    expect(refused).toBeGreaterThan(text.length / 2)
  })

  it.each([
    ['no mark', `${OBJECT}\0`],
    ['no patches', `\u0001${OBJECT}\0\n:100644 100644 0 0 M\0f\0\0`],
    ['an unknown status', `\u0001${OBJECT}\0\n:100644 100644 0 0 X\0f\0\0diff --git a/f b/f\n`],
    ['too few patches', `\u0001${OBJECT}\0\n:1 1 0 0 M\0f\0:1 1 0 0 M\0g\0\0diff --git a/f b/f\n`],
    ['too many patches', `\u0001${OBJECT}\0\n:1 1 0 0 M\0f\0\0diff --git a b\ndiff --git c d\n`],
    ['a hunk without numbers', `\u0001${OBJECT}\0\n:1 1 0 0 M\0f\0\0diff --git a b\n@@ -a +b @@\n`],
    [
      'a huge hunk',
      `\u0001${OBJECT}\0\n:1 1 0 0 M\0f\0\0diff --git a b\n@@ -1 +1,99999999999 @@\n`,
    ],
  ])('refuses output with %s', async (_, text) => {
    await expectUnknown(parse(inChunks(encode(text), endless([5]))))
  })
})

async function expectUnknown(parsed: Promise<PatchedCommit[]>): Promise<void> {
  const error: unknown = await parsed.catch((thrown: unknown) => thrown)
  expect(isTidemarkError(error, 'GIT_OUTPUT_UNKNOWN')).toBe(true)
}

function written(patches: readonly ModelPatch[]): string {
  const header = `\u0001${OBJECT}\0`
  if (patches.length === 0) return header
  const entries = patches.map(({ status, from, path: to }) => {
    const paths = 'RC'.includes(status) ? `${from}\0${to}\0` : `${to}\0`
    return `:100644 100755 ${OBJECT} ${OBJECT} ${status}\0${paths}`
  })
  return `${header}\n${entries.join('')}\0${patches.map(blocks).join('')}`
}

function blocks(model: ModelPatch): string {
  const start = 'diff --git "a/\\n" "b/\\n"\nindex 1..2 100644\n'
  const first = model.status === 'T' ? `${start}@@ -1 +0,0 @@\n-away\n` : ''
  const binary = model.binary ? 'Binary files a/x and b/x differ\n' : ''
  return `${first}${start}${model.binary ? binary : '--- a\n+++ b\n'}${model.hunks.map(hunkText).join('')}`
}

function hunkText({ oldStart, oldLines, newStart, newLines, endsWithoutNewline }: Hunk): string {
  const range = (from: number, count: number): string =>
    count === 1 ? `${from}` : `${from},${count}`
  const remark = endsWithoutNewline ? '\\ No newline at end of file\n' : ''
  const side = (sign: string, lines: readonly string[]): string =>
    lines.map((text) => `${sign}${text}\n`).join('') + (lines.length > 0 ? remark : '')
  const ranges = `-${range(oldStart, oldLines.length)} +${range(newStart, newLines.length)}`
  return `@@ ${ranges} @@ function\n${side('-', oldLines)}${side('+', newLines)}`
}

function expected({ status, from, path: to, hunks, binary }: ModelPatch): Patch {
  const modes = { oldMode: '100644', newMode: '100755', newObject: OBJECT }
  const numbers = hunks.flatMap((each) => {
    return [each.oldStart, each.oldLines.length, each.newStart, each.newLines.length]
  })
  return { status, ...modes, from: bytesOf(from), path: bytesOf(to), binary, hunks: numbers }
}

async function parse(chunks: AsyncIterable<Uint8Array>): Promise<PatchedCommit[]> {
  const parsed: PatchedCommit[] = []
  for await (const each of parsePatches(new ByteInput(chunks))) parsed.push(each)
  return parsed
}

async function* inChunks(bytes: Uint8Array, sizes: Iterable<number>): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) return
    yield bytes.slice(at, at + size)
    at += size
  }
}

function* endless(sizes: readonly number[]): Generator<number> {
  for (;;) yield* sizes
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function bytesOf(text: string): string {
  return String.fromCharCode(...encode(text))
}
