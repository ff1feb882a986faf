/** Something that happens, for whoever looks. */
export interface Broadcast<T> {
  send(item: T): void
  /** From now on, in order. A listener that does not read loses the oldest items. */
  listen(): AsyncIterableIterator<T>
  /** Ends all listening. */
  end(): void
}

/** What a listener that does not read may miss is all but so many. */
const MAX_UNREAD = 1000

interface Listener<T> {
  readonly unread: T[]
  wake: (() => void) | undefined
}

/** A broadcast without listeners. */
export function broadcast<T>(): Broadcast<T> {
  const listeners = new Set<Listener<T>>()
  let ended = false

  function listen(): AsyncIterableIterator<T> {
    const listener: Listener<T> = { unread: [], wake: undefined }
    if (!ended) listeners.add(listener)
    const stop = (): Promise<IteratorResult<T>> => {
      listeners.delete(listener)
      listener.wake?.()
      return Promise.resolve({ done: true, value: undefined })
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: async () => {
        while (listener.unread.length === 0 && listeners.has(listener)) {
          await new Promise<void>((resolve) => {
            listener.wake = resolve
          })
        }
        const value = listener.unread.shift()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: stop,
    }
  }

  return {
    send: (item) => {
      for (const listener of listeners) {
        listener.unread.push(item)
        if (listener.unread.length > MAX_UNREAD) listener.unread.shift()
        listener.wake?.()
      }
    },
    listen,
    end: () => {
      ended = true
      const all = [...listeners]
      listeners.clear()
      for (const listener of all) listener.wake?.()
    },
  }
}
