import type { BlobStore, PutOptions } from '../../src/blob/blob-store.ts'
import { FileBlobStore } from '../../src/file/file-blob-store.ts'
import type { FileSystem } from '../../src/file/file-system.ts'
import { unwrap } from '../../src/result/result.ts'
import type { CrashState, SimulatedDisk } from '../../src/testing/simulated-disk/index.ts'
import { insist } from './crash-proof.ts'

/** Where the stores of these proofs lie: not the root, so that their own name can be lost. */
export const HOME = '/data/store'

/** Opens the store of these proofs in the view of one process. */
export async function openBlobs(fileSystem: FileSystem): Promise<FileBlobStore> {
  return unwrap(await FileBlobStore.open(HOME, { fileSystem }))
}

/** One change of a key, with the place in the journal where it was asked for and answered. */
interface Asked {
  readonly key: string
  /** `undefined` for a deletion. */
  readonly value: string | undefined
  readonly createOnly: boolean
}

/** What was said about a change by the time of a cut. */
interface Heard extends Asked {
  readonly begun: number
  readonly ended: number
  readonly outcome: string | undefined
}

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Notes in the journal what is asked of stores and what they answer. */
export class BlobLedger {
  readonly #disk: SimulatedDisk
  readonly #asked: Asked[] = []
  /** What the keys held at the start, for sure. */
  readonly #start: ReadonlyMap<string, string | undefined>

  constructor(disk: SimulatedDisk, start: ReadonlyMap<string, string | undefined> = new Map()) {
    this.#disk = disk
    this.#start = start
  }

  async put(store: BlobStore, key: string, value: string, options?: PutOptions): Promise<string> {
    const createOnly = options?.if === 'absent'
    return this.#note([{ key, value, createOnly }], async () => {
      const put = await store.put(key, utf8.encode(value), options)
      return put.ok ? 'ok' : put.error.code
    })
  }

  async putMany(store: BlobStore, values: Readonly<Record<string, string>>): Promise<string> {
    const asked = Object.entries(values).map(([key, value]) => ({ key, value, createOnly: false }))
    return this.#note(asked, async () => {
      const put = await store.putMany(
        asked.map(({ key, value }) => [key, utf8.encode(value)] as const),
      )
      return put.ok ? 'ok' : put.error.code
    })
  }

  async delete(store: BlobStore, key: string): Promise<string> {
    return this.#note([{ key, value: undefined, createOnly: false }], async () => {
      const deleted = await store.delete(key)
      return deleted.ok && deleted.value.failed.length === 0 ? 'ok' : 'failed'
    })
  }

  /** Sweeps as after a crash: whatever lies around is old enough. */
  async sweep(store: FileBlobStore): Promise<string> {
    const swept = await store.sweep({ olderThanMs: 0, now: () => Number.MAX_SAFE_INTEGER })
    return swept.ok ? 'ok' : swept.error.code
  }

  /** What the keys hold, on a disk that a power cut left. */
  async find(disk: SimulatedDisk): Promise<Map<string, string | undefined>> {
    return this.#read(await openStore(disk))
  }

  async #read(store: FileBlobStore): Promise<Map<string, string | undefined>> {
    const found = new Map<string, string | undefined>()
    const keys = [...this.#start.keys(), ...this.#asked.map(({ key }) => key)]
    for (const key of new Set(keys)) found.set(key, await read(store, key))
    return found
  }

  /** Every key is as it was or as it was asked to be, and nothing acknowledged is lost. */
  async check({ disk, marks }: CrashState): Promise<void> {
    const store = await openStore(disk)
    const heard = this.#heard(marks)
    const found = await this.#read(store)
    for (const [key, value] of found) {
      const changes = heard.filter((one) => one.key === key)
      const allowed = possible(this.#start.get(key), changes)
      insist(allowed.has(value), () => {
        const expected = [...allowed].map(show).join(' or ')
        return `${key} is ${show(value)}, expected ${expected}`
      })
    }
    await checkListing(store, found)
    await checkUsable(store, found)
    await this.sweep(store)
    const left = disk.paths().filter((path) => path.includes('/.tmp-'))
    insist(left.length === 0, () => `not swept: ${left.join(' ')}`)
    insist(disk.openHandles.length === 0, () => `still open: ${disk.openHandles.join(' ')}`)
  }

  async #note(asked: readonly Asked[], call: () => Promise<string>): Promise<string> {
    const first = this.#asked.push(...asked) - asked.length
    const ids = asked.map((_, index) => first + index).join()
    this.#disk.mark(`begin ${ids}`)
    const outcome = await call()
    this.#disk.mark(`${outcome} ${ids}`)
    return outcome
  }

  #heard(marks: readonly string[]): Heard[] {
    return this.#asked.flatMap((asked, id) => {
      const mine = (mark: string): boolean =>
        mark.split(' ')[1]?.split(',').includes(`${id}`) ?? false
      const begun = marks.findIndex((mark) => mark.startsWith('begin ') && mine(mark))
      if (begun === -1) return []
      const end = marks.findIndex((mark) => !mark.startsWith('begin ') && mine(mark))
      const outcome = end === -1 ? undefined : marks[end]?.split(' ')[0]
      return [{ ...asked, begun, ended: end === -1 ? Infinity : end, outcome }]
    })
  }
}

/**
 * What a key may hold after a power cut: the value of each change that was begun and neither
 * refused nor followed by an acknowledged put. A deletion is no promise about power cuts.
 */
function possible(start: string | undefined, heard: readonly Heard[]): Set<string | undefined> {
  const firm = heard.filter(({ outcome, value }) => outcome === 'ok' && value !== undefined)
  const won = firm.find(({ createOnly }) => createOnly)
  if (won !== undefined && heard.every(({ createOnly }) => createOnly)) return new Set([won.value])
  const before = { value: start, ended: -1, outcome: 'ok' }
  const all = [before, ...heard].filter(({ outcome }) => outcome !== 'CONFLICT')
  const left = all.filter(({ ended }) => !firm.some((later) => later.begun > ended))
  return new Set(left.map(({ value }) => value))
}

function openStore(disk: SimulatedDisk): Promise<FileBlobStore> {
  return openBlobs(disk.fileSystem('recovery'))
}

async function read(store: BlobStore, key: string): Promise<string | undefined> {
  const blob = unwrap(await store.get(key))
  return blob === undefined ? undefined : text.decode(unwrap(await blob.bytes()))
}

async function checkListing(
  store: BlobStore,
  found: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const listed: string[] = []
  for await (const { key } of store.list()) {
    // Hints come and go.
    if (!key.endsWith('/hint')) listed.push(key)
  }
  const there = [...found].flatMap(([key, value]) => (value === undefined ? [] : [key])).sort()
  insist(listed.join() === there.join(), () => `listed ${listed.join()}, found ${there.join()}`)
}

/** What was recovered can be worked with: a free key can be created, a taken one cannot. */
async function checkUsable(
  store: BlobStore,
  found: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  // Two suffice: the cost of a state is paid some ten thousand times.
  for (const [key, value] of [...found].slice(0, 2)) {
    const put = await store.put(key, utf8.encode('after'), { if: 'absent' })
    const answer = put.ok ? 'ok' : put.error.code
    const expected = value === undefined ? 'ok' : 'CONFLICT'
    insist(answer === expected, () => `creating ${key} again: ${answer}, expected ${expected}`)
    insist((await read(store, key)) === (value ?? 'after'), () => `${key} changed`)
  }
}

function show(value: string | undefined): string {
  if (value === undefined) return 'absent'
  return value.length > 20 ? `${value.slice(0, 8)}… (${value.length})` : `'${value}'`
}
