import { err, ok } from '@tidemark/core'
import { conflict, unreachable } from '../src/errors.ts'
import { persistenceOn, type LogStatePersistence, type Stored } from '../src/index.ts'

/** A way to keep log states that looks right, and is not. */
export interface WrongRecipe {
  readonly read: (logId: string) => Promise<Stored | undefined>
  /** Whether it was written on the expected revision, or so the recipe believes. */
  readonly write: (logId: string, expected: number, bytes: Uint8Array) => Promise<boolean>
}

/** A store made of a wrong recipe, for the contract to refuse. */
export function wrongStore({ read, write }: WrongRecipe): LogStatePersistence {
  return persistenceOn({
    supports: { durable: 'power', crossProcess: true },
    init: async () => ok({ instanceId: '0'.repeat(32), created: false }),
    snapshot: async (logId) => ok((await read(logId)) ?? { revision: 0, bytes: undefined }),
    replace: async (logId, expected, bytes) => {
      try {
        if (await write(logId, expected, bytes)) return ok({ revision: expected + 1, bytes })
        return err(conflict(logId, expected, await read(logId)))
      } catch (thrown) {
        return err(unreachable('replace', thrown))
      }
    },
    list: async () => ok([]),
    close: async () => undefined,
  })
}
