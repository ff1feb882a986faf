import { err, ok, type AsyncResult, type Result } from '@tidemark/core'
import { compareBytes, equalBytes, toHex } from '../bytes.ts'
import { aborted, busy, conflict, outcomeUnknown, unreachable } from '../errors.ts'
import type { ReplaceError } from '../errors.ts'
import type { Stored } from '../log-persistence.ts'
import { attemptOn, type Attempt } from './attempt-on.ts'
import { Lane, type LaneItem } from './lane.ts'
import type { KeyedRow } from './sql-connection.ts'
import { keyText, TRY_PART, type SqlParts } from './sql-reads.ts'
import { checkRow, newRow, type StateRow } from './state-row.ts'

/** Between two tries, doubled each time. */
const RETRY_MS = 5
const MAX_RETRY_MS = 200

/** While one group waits for its sync, another is on its way. */
const LANES = 2

/** One write that was asked for. */
interface Write extends LaneItem {
  readonly logId: string
  readonly row: StateRow
  readonly signal: AbortSignal | undefined
  readonly askedMs: number
  readonly settle: (outcome: Result<Stored, ReplaceError>) => void
}

/** A write on its way. */
interface Pending {
  readonly write: Write
  /** An answer was lost: the write may have been made, or may still be made. */
  readonly mayHaveLanded: boolean
  /** Why it is still on its way. */
  readonly failure?: Failure
}

type Failure = Exclude<Attempt<unknown>, { readonly ok: true }>

/**
 * Writes that are asked for at the same time share their statements; each is judged by itself.
 *
 * A row carries a write id drawn for it. When an answer is lost, the same row is written again
 * until it is answered: reading alone would prove nothing, for the first may still arrive. Of the
 * two at most one can succeed, because both want the same revision.
 */
export class SqlWrites {
  readonly #parts: SqlParts
  readonly #random: () => number
  readonly #lanes: readonly Lane<Write>[]

  constructor(parts: SqlParts, random: () => number) {
    this.#parts = parts
    this.#random = random
    this.#lanes = Array.from({ length: LANES }, () => new Lane((writes) => this.#carry(writes)))
  }

  /** Asks for a write. */
  replace(
    logId: string,
    expected: number,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): AsyncResult<Stored, ReplaceError> {
    const { keys, clock } = this.#parts
    const row = newRow(logId, keys.keyOf(logId), expected + 1, bytes)
    return new Promise((settle) => {
      const askedMs = clock.nowMs()
      // By its key: a log always travels in the same lane.
      const lane = this.#lanes[(row.key[0] ?? 0) % LANES]
      lane?.add({ logId, slot: logId, sizeBytes: bytes.length, row, signal, askedMs, settle })
    })
  }

  async #carry(writes: readonly Write[]): Promise<void> {
    const { dialect } = this.#parts
    const sorted = writes.toSorted((a, b) => compareBytes(a.row.key, b.row.key))
    let pending: readonly Pending[] = sorted.map((write) => ({ write, mayHaveLanded: false }))
    for (let round = 0; ; round++) {
      pending = pending.filter((one) => !this.#isOver(one))
      if (pending.length === 0) return
      if (round > 0 || !this.#haveJustBeenRead(pending)) {
        const keys = pending.map(({ write }) => write.row.key)
        const found = await this.#attempt((connection) => dialect.select(connection, keys))
        if (!found.ok) {
          pending = afterFailure(pending, found, false)
          await this.#pause(round)
          continue
        }
        pending = judge(pending, found.value)
        if (pending.length === 0) return
      }
      const rows = pending.map(({ write }) => write.row)
      const written = await this.#attempt((connection) => dialect.write(connection, rows))
      if (written.ok) {
        // Who did not succeed was beaten since the look: the next look says by whom.
        pending = settleWritten(pending, written.value)
      } else {
        pending = afterFailure(pending, written, written.fault === 'lost')
        await this.#pause(round)
      }
    }
  }

  #haveJustBeenRead(pending: readonly Pending[]): boolean {
    const { looks } = this.#parts
    const fresh = pending.filter(({ write: { logId, row } }) => {
      return looks.take(logId, row.revision - 1)
    })
    return fresh.length === pending.length
  }

  #attempt<T>(work: Parameters<typeof attemptOn<T>>[4]): Promise<Attempt<T>> {
    const { dialect, clock, timeoutMs } = this.#parts
    return attemptOn(dialect, clock, timeoutMs * TRY_PART, 'replace', work)
  }

  /** Settles what was aborted, and what is out of time. */
  #isOver({ write, mayHaveLanded, failure }: Pending): boolean {
    const { logId, signal, settle, askedMs } = write
    const isAborted = signal?.aborted === true
    if (!isAborted && this.#parts.clock.nowMs() - askedMs < this.#parts.timeoutMs) return false
    if (mayHaveLanded) {
      settle(err(outcomeUnknown(logId, isAborted ? 'aborted' : 'no-answer', failure?.thrown)))
    } else if (isAborted) settle(err(aborted('replace', signal.reason)))
    else if (failure?.fault === 'lost') settle(err(unreachable('replace', failure.thrown)))
    else settle(err(busy('replace', 'the database did not let it through', failure?.thrown)))
    return true
  }

  #pause(round: number): Promise<void> {
    const longest = Math.min(RETRY_MS * 2 ** round, MAX_RETRY_MS)
    return this.#parts.clock.sleep(longest * (0.5 + this.#random() / 2))
  }
}

/** Settles what a failure has settled; gives what is to be tried again. */
function afterFailure(
  pending: readonly Pending[],
  failure: Failure,
  isLost: boolean,
): readonly Pending[] {
  const { fault, thrown } = failure
  if (typeof fault === 'string') {
    return pending.map(({ write, mayHaveLanded }) => {
      return { write, mayHaveLanded: mayHaveLanded || isLost, failure }
    })
  }
  for (const { write, mayHaveLanded } of pending) {
    write.settle(err(mayHaveLanded ? outcomeUnknown(write.logId, 'no-answer', thrown) : fault))
  }
  return []
}

/** Settles the writes that what is stored decides; gives those that may be made. */
function judge(pending: readonly Pending[], found: readonly KeyedRow[]): readonly Pending[] {
  const rows = new Map(found.map((row) => [keyText(row.key), row]))
  return pending.filter((one) => {
    const outcome = judgeOne(one, rows.get(toHex(one.write.row.key)))
    if (outcome !== undefined) one.write.settle(outcome)
    return outcome === undefined
  })
}

function judgeOne(
  { write, mayHaveLanded }: Pending,
  found: KeyedRow | undefined,
): Result<Stored, ReplaceError> | undefined {
  const { logId, row } = write
  const expected = row.revision - 1
  if (found === undefined) {
    if (expected === 0) return undefined
    return err(conflict(logId, expected, { revision: 0, bytes: undefined }))
  }
  const stored = checkRow(logId, found)
  if (!stored.ok) return stored
  const { revision, bytes, writeId } = stored.value
  if (revision === expected) return undefined
  if (revision === row.revision && equalBytes(writeId, row.writeId)) return ok({ revision, bytes })
  // Past our revision nobody can tell any more whether it was ours.
  if (mayHaveLanded && revision > row.revision) return err(outcomeUnknown(logId, 'superseded'))
  return err(conflict(logId, expected, { revision, bytes }))
}

/** Settles the writes that were made; gives the others. */
function settleWritten(
  pending: readonly Pending[],
  written: readonly unknown[],
): readonly Pending[] {
  const keys = new Set(written.map(keyText))
  return pending.filter(({ write: { row, settle } }) => {
    const isWritten = keys.has(toHex(row.key))
    if (isWritten) settle(ok({ revision: row.revision, bytes: row.bytes.slice() }))
    return !isWritten
  })
}
