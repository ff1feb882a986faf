import { FileStorage, type FileStorageOptions } from '../../src/file/file-storage.ts'
import { unwrap } from '../../src/result/result.ts'
import type { EntryValue } from '../../src/storage/storage.ts'
import type { CrashState, SimulatedDisk } from '../../src/testing/simulated-disk/index.ts'
import { HOME } from './blob-ledger.ts'
import { insist } from './crash-proof.ts'

/** What a checkpoint holds: values that lie in the record, and bytes staged in blobs. */
export interface Content {
  readonly inline?: Readonly<Record<string, EntryValue>>
  readonly staged?: Readonly<Record<string, string>>
}

/** What is left of an identifier: its content as one text, `undefined` when there is none. */
type Found = string | undefined

interface Asked {
  readonly identifier: string
  readonly content: Found
}

interface Heard extends Asked {
  readonly begun: number
  readonly ended: number
  readonly outcome: string | undefined
}

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Opens the storage of these proofs as one process: no clock runs, processes end when they say. */
export async function openStorage(
  disk: SimulatedDisk,
  process: string,
  options: FileStorageOptions = {},
): Promise<FileStorage> {
  const probe = { label: process, process, isGone: (name: string) => name !== process }
  const clock = {
    nowMs: () => 0,
    sleep: async () => undefined,
    every: () => ({ stop: () => undefined }),
  }
  const fileSystem = disk.fileSystem(process)
  const given = { fileSystem, probe, clock, now: () => 1_700_000_000_000, guard: false, ...options }
  return unwrap(await FileStorage.open(HOME, given))
}

/** Notes in the journal what is asked of storages and what they answer. */
export class StorageLedger {
  readonly #disk: SimulatedDisk
  readonly #options: FileStorageOptions
  readonly #start: ReadonlyMap<string, Found>
  readonly #asked: Asked[] = []

  constructor(
    disk: SimulatedDisk,
    options: FileStorageOptions = {},
    start: ReadonlyMap<string, Found> = new Map(),
  ) {
    this.#disk = disk
    this.#options = options
    this.#start = start
  }

  open(process = 'main'): Promise<FileStorage> {
    return openStorage(this.#disk, process, this.#options)
  }

  /** Saves a checkpoint, in the place of the one there is. */
  save(storage: FileStorage, identifier: string, inline: Content['inline']): Promise<string> {
    return this.#note({ identifier, content: textOf({ ...inline }) }, async () => {
      const saved = await storage.save(identifier, { ...inline }, { ifExists: 'replace' })
      return saved.ok ? 'ok' : saved.error.code
    })
  }

  /** Drafts and commits a checkpoint, in the place of the one there is. */
  commit(storage: FileStorage, identifier: string, content: Content): Promise<string> {
    const { inline = {}, staged = {} } = content
    const entries = { ...inline, ...staged }
    return this.#note({ identifier, content: textOf(entries) }, async () => {
      const draft = await storage.createCheckpoint(identifier, { ifExists: 'replace' })
      if (!draft.ok) return draft.error.code
      for (const [key, value] of Object.entries(inline)) {
        const put = await draft.value.put(key, value)
        if (!put.ok) return put.error.code
      }
      for (const [key, value] of Object.entries(staged)) {
        const put = await draft.value.putStream(key, pieces(value))
        if (!put.ok) return put.error.code
      }
      const committed = await draft.value.commit()
      if (committed.ok) await committed.value.close()
      return committed.ok ? 'ok' : committed.error.code
    })
  }

  remove(storage: FileStorage, identifier: string): Promise<string> {
    return this.#note({ identifier, content: undefined }, async () => {
      const removed = await storage.removeCheckpoint(identifier)
      return removed.ok ? 'ok' : removed.error.code
    })
  }

  async gc(storage: FileStorage): Promise<string> {
    const report = await storage.gc()
    return report.ok ? 'ok' : report.error.code
  }

  /** What the identifiers hold, on a disk that a power cut left. */
  async find(disk: SimulatedDisk): Promise<Map<string, Found>> {
    const storage = await openStorage(disk, 'recovery', this.#options)
    const found = await this.#find(storage)
    await storage.close()
    return found
  }

  /**
   * Every identifier is as it was or as it was asked to be, nothing acknowledged is lost, nothing
   * is damaged, gc changes nothing that is seen, and the next checkpoint can be saved.
   */
  async check({ disk, marks }: CrashState): Promise<void> {
    const storage = await openStorage(disk, 'recovery', this.#options)
    const found = await this.#find(storage)
    const heard = this.#heard(marks)
    for (const [identifier, content] of found) {
      const changes = heard.filter((one) => one.identifier === identifier)
      const allowed = possible(this.#start.get(identifier), changes)
      insist(allowed.has(content), () => {
        const expected = [...allowed].map(show).join(' or ')
        return `${identifier} is ${show(content)}, expected ${expected}`
      })
    }
    await checkWhole(storage, found)
    insist(unwrapped(await storage.gc()), () => 'gc failed')
    await this.#checkSame(storage, found, 'after gc')
    await checkWhole(storage, found)
    await checkUsable(storage, found)
    await storage.close()
    insist(disk.openHandles.length === 0, () => `still open: ${disk.openHandles.join(' ')}`)
  }

  async #checkSame(storage: FileStorage, found: Map<string, Found>, when: string): Promise<void> {
    for (const [identifier, content] of await this.#find(storage)) {
      insist(content === found.get(identifier), () => `${identifier} is ${show(content)} ${when}`)
    }
  }

  async #find(storage: FileStorage): Promise<Map<string, Found>> {
    const found = new Map<string, Found>()
    const names = [...this.#start.keys(), ...this.#asked.map(({ identifier }) => identifier)]
    for (const name of new Set(names)) found.set(name, await contentOf(storage, name))
    return found
  }

  async #note(asked: Asked, call: () => Promise<string>): Promise<string> {
    const id = this.#asked.push(asked) - 1
    this.#disk.mark(`begin ${id}`)
    const outcome = await call()
    this.#disk.mark(`${outcome} ${id}`)
    return outcome
  }

  #heard(marks: readonly string[]): Heard[] {
    return this.#asked.flatMap((asked, id) => {
      const begun = marks.indexOf(`begin ${id}`)
      if (begun === -1) return []
      const end = marks.findIndex((mark, at) => at > begun && mark.split(' ')[1] === `${id}`)
      const outcome = marks[end]?.split(' ')[0]
      return [{ ...asked, begun, ended: end === -1 ? Infinity : end, outcome }]
    })
  }
}

/** What an identifier may hold: what no later acknowledged change has replaced. */
function possible(start: Found, heard: readonly Heard[]): Set<Found> {
  const firm = heard.filter(({ outcome }) => outcome === 'ok')
  const before = { content: start, ended: -1, outcome: 'ok' }
  const all = [before, ...heard].filter(({ outcome }) => !REFUSED.has(outcome ?? ''))
  const left = all.filter(({ ended }) => !firm.some((later) => later.begun > ended))
  return new Set(left.map(({ content }) => content))
}

/** Answers that say that nothing changed. */
const REFUSED = new Set(['CHECKPOINT_NOT_FOUND', 'CHECKPOINT_ALREADY_EXISTS', 'CONFLICT'])

async function contentOf(storage: FileStorage, identifier: string): Promise<Found> {
  const loaded = await storage.loadCheckpoint(identifier)
  if (!loaded.ok) {
    insist(loaded.error.code === 'CHECKPOINT_NOT_FOUND', () => loaded.error.message)
    return undefined
  }
  const entries: Record<string, unknown> = {}
  for (const key of loaded.value.keys()) {
    const value: unknown = unwrap(await loaded.value.get(key))
    entries[key] = value instanceof Uint8Array ? text.decode(value) : value
  }
  await loaded.value.close()
  return textOf(entries)
}

/** Every generation that is still listed is whole, and the listing names what can be loaded. */
async function checkWhole(storage: FileStorage, found: ReadonlyMap<string, Found>): Promise<void> {
  const { problems } = unwrap(await storage.verify())
  insist(
    problems.length === 0,
    () => `damaged: ${problems.map(({ error }) => error.message).join()}`,
  )
  const listed: string[] = []
  for await (const identifier of storage.checkpointIdentifiers()) listed.push(identifier)
  const there = [...found].flatMap(([name, content]) => (content === undefined ? [] : [name]))
  insist(
    listed.join() === there.sort().join(),
    () => `listed ${listed.join()}, found ${there.join()}`,
  )
}

async function checkUsable(storage: FileStorage, found: ReadonlyMap<string, Found>): Promise<void> {
  for (const identifier of found.keys()) {
    unwrap(await storage.save(identifier, { after: 1 }, { ifExists: 'replace' }))
    const content = await contentOf(storage, identifier)
    insist(content === textOf({ after: 1 }), () => `saved ${identifier}, found ${show(content)}`)
  }
}

function unwrapped(result: { readonly ok: true } | { readonly ok: false; readonly error: Error }) {
  if (!result.ok) throw result.error
  return true
}

async function* pieces(value: string): AsyncIterable<Uint8Array> {
  const bytes = utf8.encode(value)
  const middle = Math.floor(bytes.length / 2)
  yield bytes.subarray(0, middle)
  yield bytes.subarray(middle)
}

function textOf(entries: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function show(content: Found): string {
  return content === undefined ? 'absent' : content.slice(0, 60)
}
