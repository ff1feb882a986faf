import { createHash } from 'node:crypto'
import { joinParts } from '../src/blob/parts.ts'
import {
  type Answer,
  type Condition,
  type ListedObject,
  type ObjectClient,
  type ObjectFacts,
} from '../src/index.ts'

/** The name of a call of an object client. */
export type Call = Exclude<keyof ObjectClient, 'place' | 'close'>

/** What goes wrong with one call: an answer in the place of the true one. */
export interface Fault {
  /** Whether the request takes effect all the same, and when. Default: never. */
  readonly effect?: 'never' | 'at once' | 'late'
  readonly answer: Answer<never>
}

/** What becomes of each call, in the order of the calls. */
export type Plan = (call: Call, name: string) => Fault | undefined

interface Held extends ObjectFacts {
  readonly bytes: Uint8Array
}

/** An answer that never came, from a server that may have got the request. */
export const LOST: Answer<never> = { kind: 'lost', sent: true, system: 'ECONNRESET' }

/** A connection that was never made. */
export const UNSENT: Answer<never> = { kind: 'lost', sent: false, system: 'ECONNREFUSED' }

/** A refusal. */
export function refusal(status: number, code = ''): Answer<never> {
  return { kind: 'refused', status, code }
}

/** What the server of a bucket honours: conditions on creating, on ending an upload, on replacing. */
export interface Traits {
  readonly createOnly?: boolean
  readonly completeOnly?: boolean
  readonly swaps?: boolean
}

/** A bucket in memory, as strict as the best of servers or as careless as the worst. */
export class FakeBucket {
  readonly objects = new Map<string, Held>()
  readonly uploads = new Map<string, Map<number, Uint8Array>>()
  readonly calls: string[] = []
  /** Parts that were on their way at the same time, at most. */
  mostParts = 0
  plan: Plan = () => undefined
  #parts = 0
  #late: (() => void)[] = []
  readonly #traits: Required<Traits>

  constructor(traits: Traits = {}) {
    this.#traits = { createOnly: true, completeOnly: true, swaps: true, ...traits }
  }

  /** Requests that were thought lost arrive. */
  deliverLate(): void {
    for (const arrive of this.#late.splice(0)) arrive()
  }

  client(): ObjectClient {
    return {
      place: 's3://fake',
      put: ({ name, body, nonce, condition }) =>
        this.#do('put', name, () => this.#write(name, body.slice(), nonce, condition)),
      get: ({ name, start, end }) =>
        this.#do('get', name, () => {
          const held = this.objects.get(name)
          if (held === undefined) return refusal(404, 'NoSuchKey')
          if (start >= held.sizeBytes) return refusal(416, 'InvalidRange')
          return answered({ ...held, bytes: held.bytes.slice(start, end) })
        }),
      head: ({ name }) =>
        this.#do('head', name, () => {
          const held = this.objects.get(name)
          return held === undefined ? refusal(404) : answered(held)
        }),
      list: ({ prefix, startAfter = '', token = '', limit }) =>
        this.#do('list', prefix, () => {
          const after = token > startAfter ? token : startAfter
          const all = [...this.objects.keys()].filter((n) => n.startsWith(prefix) && n > after)
          const names = all.sort().slice(0, limit)
          const next = names.length < all.length ? names.at(-1) : undefined
          return answered({ objects: names.flatMap((name) => this.#listed(name)), next })
        }),
      deleteOne: ({ name }) =>
        this.#do('deleteOne', name, () => {
          this.objects.delete(name)
          return answered(undefined)
        }),
      deleteMany: ({ names }) =>
        this.#do('deleteMany', names.join(), () => {
          for (const name of names) this.objects.delete(name)
          return answered(new Map<string, string>())
        }),
      ...this.#uploadCalls(),
      close: () => undefined,
    }
  }

  #uploadCalls(): Pick<
    ObjectClient,
    'createUpload' | 'uploadPart' | 'completeUpload' | 'abortUpload'
  > {
    const nonces = new Map<string, string>()
    return {
      createUpload: ({ name, nonce }) =>
        this.#do('createUpload', name, () => {
          const uploadId = `upload-${nonces.size}`
          nonces.set(uploadId, nonce)
          this.uploads.set(uploadId, new Map())
          return answered({ uploadId })
        }),
      uploadPart: async ({ name, uploadId, number, body }) => {
        this.#parts += 1
        this.mostParts = Math.max(this.mostParts, this.#parts)
        await new Promise((resolve) => setTimeout(resolve, 1))
        this.#parts -= 1
        return this.#do('uploadPart', name, () => {
          this.uploads.get(uploadId)?.set(number, body.slice())
          return answered({ etag: tagOf(body) })
        })
      },
      completeUpload: ({ name, uploadId, condition }) =>
        this.#do('completeUpload', name, (): Answer<void> => {
          const parts = this.uploads.get(uploadId)
          if (parts === undefined) return refusal(404, 'NoSuchUpload')
          const numbers = [...parts.keys()].sort((a, b) => a - b)
          const body = joinParts(numbers.flatMap((number) => parts.get(number) ?? []))
          const heeded = this.#traits.completeOnly ? condition : undefined
          const nonce = nonces.get(uploadId) ?? ''
          const written = this.#write(name, body.slice(), nonce, heeded)
          if (written.kind !== 'done') return written
          this.uploads.delete(uploadId)
          return answered(undefined)
        }),
      abortUpload: ({ name, uploadId }) =>
        this.#do('abortUpload', name, () => {
          return this.uploads.delete(uploadId) ? answered(undefined) : refusal(404, 'NoSuchUpload')
        }),
    }
  }

  #listed(name: string): ListedObject[] {
    const held = this.objects.get(name)
    return held === undefined ? [] : [{ name, sizeBytes: held.sizeBytes, etag: held.etag }]
  }

  #write(
    name: string,
    bytes: Uint8Array,
    nonce: string,
    condition: Condition | undefined,
  ): Answer<{ readonly etag: string }> {
    const current = this.objects.get(name)
    const { createOnly, swaps } = this.#traits
    if (condition !== undefined && (condition === 'absent' ? createOnly : swaps)) {
      const holds =
        condition === 'absent'
          ? current === undefined
          : condition.ifMatch === `"${current?.etag ?? ''}"`
      if (!holds) return refusal(412, 'PreconditionFailed')
    }
    const etag = tagOf(bytes)
    this.objects.set(name, { bytes, etag, nonce, sizeBytes: bytes.length })
    return answered({ etag })
  }

  async #do<T>(call: Call, name: string, effect: () => Answer<T>): Promise<Answer<T>> {
    this.calls.push(`${call} ${name}`)
    await Promise.resolve()
    const fault = this.plan(call, name)
    if (fault === undefined) return effect()
    if (fault.effect === 'at once') effect()
    if (fault.effect === 'late') this.#late.push(effect)
    return fault.answer
  }
}

function answered<T>(value: T): Answer<T> {
  return { kind: 'done', value }
}

function tagOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}
