/** Lets calls about one key run one after the other. */
export interface Turns {
  take<T>(key: string, call: () => Promise<T>): Promise<T>
}

/** Makes the turns of one store; it remembers only keys that are being waited for. */
export function turns(): Turns {
  const last = new Map<string, Promise<unknown>>()
  return {
    take: async (key, call) => {
      const turn = (last.get(key) ?? Promise.resolve()).then(call)
      const settled = turn.catch(() => undefined)
      last.set(key, settled)
      try {
        return await turn
      } finally {
        if (last.get(key) === settled) last.delete(key)
      }
    },
  }
}
