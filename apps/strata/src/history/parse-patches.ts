import { type ByteInput, latin1, unknownOutput } from './byte-input.ts'

/** A commit as git writes it: which paths changed, and how. */
export interface PatchedCommit {
  readonly id: string
  readonly patches: readonly Patch[]
}

/** One path of a commit, as git writes it. */
export interface Patch {
  /** `A`dded, `C`opied, `D`eleted, `M`odified, `R`enamed, or of another `T`ype. */
  readonly status: string
  readonly oldMode: string
  readonly newMode: string
  /** The object after the change. */
  readonly newObject: string
  /** The path before, one character per byte. */
  readonly from: string
  /** The path after, one character per byte. */
  readonly path: string
  readonly binary: boolean
  /** Four numbers for each hunk; of a `T`, only those of its second half, the new content. */
  readonly hunks: readonly number[]
}

/** What starts a commit: no line of a patch outside its hunks can start with it. */
export const COMMIT_MARK = 0x01

const NUL = 0
const LINE_FEED = 0x0a
const COMMA = 0x2c
const ZERO = 0x30
const COLON = 0x3a
const AT = 0x40
const UPPER_B = 0x42

/**
 * Reads what `git diff-tree --stdin -z --raw -p -U0 --format=%x01%H` writes: for each commit its
 * id, a NUL-separated list of the changed paths (so any path is read exactly), then the patches in
 * the same order. Hunks are counted, never interpreted: content cannot pass for a header.
 *
 * Throws `GIT_OUTPUT_UNKNOWN` for anything else.
 */
export async function* parsePatches(input: ByteInput): AsyncGenerator<PatchedCommit, void> {
  while ((await input.peek()) !== undefined) {
    const header = await input.until(NUL)
    if (header[0] !== COMMIT_MARK) throw unknownOutput('a commit')
    const id = latin1(header.subarray(1))
    if ((await input.peek()) === LINE_FEED) {
      await input.until(LINE_FEED)
      yield { id, patches: await readPatches(input, await readEntries(input)) }
    } else {
      yield { id, patches: [] }
    }
  }
}

type Entry = Omit<Patch, 'binary' | 'hunks'>

/** The list of changed paths: `:modes objects status NUL path NUL`, ended by an empty field. */
async function readEntries(input: ByteInput): Promise<Entry[]> {
  const entries: Entry[] = []
  while ((await input.peek()) === COLON) {
    const fields = latin1(await input.until(NUL)).split(' ')
    const [oldMode, newMode, , newObject, status] = fields
    if (oldMode === undefined || newMode === undefined || newObject === undefined) {
      throw unknownOutput('two modes and two objects')
    }
    const letter = status?.charAt(0) ?? ''
    if (letter === '' || !'ACDMRT'.includes(letter)) throw unknownOutput('a status')
    const from = latin1(await input.until(NUL))
    const path = letter === 'R' || letter === 'C' ? latin1(await input.until(NUL)) : from
    entries.push({ status: letter, oldMode: oldMode.slice(1), newMode, newObject, from, path })
  }
  if ((await input.until(NUL)).length > 0) throw unknownOutput('the end of the list of paths')
  return entries
}

/** The patches of a commit, in the order of its list of paths. */
async function readPatches(input: ByteInput, entries: readonly Entry[]): Promise<Patch[]> {
  const patches: Patch[] = []
  await expectPatch(input)
  let block: Block = { binary: false, hunks: [], another: true }
  for (const entry of entries) {
    // A change of type comes as two patches: the old content away, then the new one.
    for (let blocks = entry.status === 'T' ? 2 : 1; blocks > 0; blocks -= 1) {
      if (!block.another) throw unknownOutput('a patch for each path')
      block = await readBlock(input)
    }
    patches.push({ ...entry, binary: block.binary, hunks: block.hunks })
  }
  if (block.another) throw unknownOutput('no more patches than paths')
  return patches
}

interface Block {
  readonly binary: boolean
  readonly hunks: number[]
  /** Whether the first line of another patch was read. */
  readonly another: boolean
}

const PATCH_START = 'diff --git '

async function expectPatch(input: ByteInput): Promise<void> {
  if (!startsWith(await input.until(LINE_FEED), PATCH_START)) throw unknownOutput('a patch')
}

/** The rest of a patch after its first line, up to the first line of the next, or the end. */
async function readBlock(input: ByteInput): Promise<Block> {
  const hunks: number[] = []
  let binary = false
  for (;;) {
    const first = await input.peek()
    if (first === undefined || first === COMMIT_MARK) return { binary, hunks, another: false }
    const line = await input.until(LINE_FEED)
    if (first === AT) await input.skipHunkLines(readHunkHeader(line, hunks))
    else if (first === UPPER_B) binary = true
    else if (startsWith(line, PATCH_START)) return { binary, hunks, another: true }
  }
}

/**
 * Reads `@@ -12,3 +14 @@ …` (a count of one is left out) and gives the number of lines that follow.
 */
function readHunkHeader(line: Uint8Array, hunks: number[]): number {
  let at = expectBytes(line, 0, '@@ -')
  const before = hunks.length
  at = readRange(line, at, hunks)
  at = readRange(line, expectBytes(line, at, ' +'), hunks)
  expectBytes(line, at, ' @@')
  return (hunks[before + 1] ?? 0) + (hunks[before + 3] ?? 0)
}

function readRange(line: Uint8Array, at: number, hunks: number[]): number {
  const end = readNumber(line, at, hunks)
  if (line[end] === COMMA) return readNumber(line, end + 1, hunks)
  hunks.push(1)
  return end
}

function readNumber(line: Uint8Array, at: number, into: number[]): number {
  let value = 0
  let end = at
  for (; end < line.length; end += 1) {
    const digit = (line[end] ?? 0) - ZERO
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  // Git refuses to compare files of a gigabyte, so no line number comes near this.
  if (end === at || value > 0x7fffffff) throw unknownOutput('a line number')
  into.push(value)
  return end
}

function expectBytes(line: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i += 1) {
    if (line[at + i] !== text.charCodeAt(i)) throw unknownOutput(`"${text}"`)
  }
  return at + text.length
}

function startsWith(line: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (line[i] !== text.charCodeAt(i)) return false
  }
  return true
}
