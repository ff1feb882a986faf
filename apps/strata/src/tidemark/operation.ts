import {
  coreError,
  err,
  isTidemarkError,
  ok,
  prefixed,
  unwrap,
  type AsyncResult,
  type BlobStore,
} from '@tidemark/core'
import { nodeProcessProbe } from '@tidemark/core/file'
import {
  openOperation,
  type LatestError,
  type OpenError,
  type Operation,
  type OperationReader,
  type PlainValue,
  type StatusError,
} from '@tidemark/operation'
import { PROGRESS, type Phase, type PhaseResults, type Progress } from '../phases.ts'

/** Why it cannot be said, or not written down, which phase is done. */
export type PhasesError = OpenError | LatestError | StatusError

/** Hears which phases are done, and which were done before. */
export type PhaseListener = (phase: Phase, outcome: 'done' | 'known') => void

/** The part of the store that the operation has, and its name there. */
const PHASES = 'phases/'
const NAME = 'run'

/** What {@link openPhases} needs to know. */
export interface PhasesOptions {
  /** The commit that is to be reached. */
  readonly commit: string
  readonly signal: AbortSignal
  readonly onPhase: PhaseListener
}

/**
 * Opens the operation of a run, for this process alone: `LOCKED` while another run lives. It knows
 * which phases are done for a commit; for another commit than the last one it begins anew.
 */
export async function openPhases(
  store: BlobStore,
  options: PhasesOptions,
): AsyncResult<Phases, PhasesError> {
  const place = { store: prefixed(store, PHASES), name: NAME, schema: PROGRESS }
  const owner = { probe: nodeProcessProbe, signal: options.signal }
  let opened = await openOperation({ ...place, ...owner })
  // What it says can be found out again; a record that cannot be read must not stop a run.
  if (!opened.ok && opened.error.code === 'CORRUPTED') {
    opened = await openOperation({ ...place, ...owner, restart: true })
  }
  if (!opened.ok) return err(opened.error.code === 'LOCKED' ? locked(opened.error) : opened.error)
  const phases = new Phases(opened.value, options)
  const known = await read(opened.value)
  if (known.ok && known.value?.commit === options.commit) phases.know(known.value)
  else if (known.ok || isUnusable(known.error)) await phases.startOver()
  else {
    await phases.close()
    return known
  }
  return ok(phases)
}

/** Which phases are done, for which commit; `undefined` before the first run. Changes nothing. */
export async function lookAtPhases(
  store: BlobStore,
): AsyncResult<Progress | undefined, PhasesError> {
  const place = { store: prefixed(store, PHASES), name: NAME, schema: PROGRESS }
  const opened = await openOperation({ ...place, mode: 'read' })
  if (!opened.ok) return opened
  const known = await read(opened.value)
  await opened.value.close()
  return known
}

/** The phases of one run. What they throw is a {@link PhasesError}, or what the work threw. */
export class Phases {
  readonly #operation: Operation<Progress>
  readonly #options: PhasesOptions
  #progress: Progress

  constructor(operation: Operation<Progress>, options: PhasesOptions) {
    this.#operation = operation
    this.#options = options
    this.#progress = { form: 1, commit: options.commit, results: {} }
  }

  /** What is done for the commit of this run. */
  get results(): Partial<PhaseResults> {
    return this.#progress.results
  }

  /** Takes over what an earlier run of this commit has done. */
  know(progress: Progress): void {
    this.#progress = progress
  }

  /**
   * Does a phase unless it is done, and gives what it left behind. Work that gives `undefined` was
   * interrupted: the phase is not done.
   */
  async step<P extends Phase, R extends PhaseResults[P] | undefined>(
    phase: P,
    work: () => Promise<R>,
  ): Promise<R | PhaseResults[P]> {
    const known = this.#progress.results[phase]
    if (known !== undefined) {
      this.#options.onPhase(phase, 'known')
      return known
    }
    const result = await work()
    if (result === undefined) return result
    const progress = { ...this.#progress, results: { ...this.#progress.results, [phase]: result } }
    unwrap(await this.#operation.checkpoint(phase, progress))
    this.#progress = progress
    this.#options.onPhase(phase, 'done')
    return result
  }

  /** Forgets all phases. */
  async startOver(): Promise<void> {
    this.#progress = { form: 1, commit: this.#options.commit, results: {} }
    unwrap(await this.#operation.clear())
  }

  /** Says that all phases are done: of the operation only that stays. Again: nothing happens. */
  async finish(): Promise<void> {
    unwrap(await this.#operation.complete(asPlain(this.#progress)))
  }

  close(): Promise<void> {
    return this.#operation.close()
  }
}

/** What an operation knows: in its newest checkpoint, or as its result when it is completed. */
async function read(
  operation: OperationReader<Progress>,
): AsyncResult<Progress | undefined, LatestError | StatusError> {
  const status = await operation.status()
  if (!status.ok) return status
  if (status.value.state !== 'completed') {
    const latest = await operation.latest()
    return latest.ok ? ok(latest.value?.payload) : latest
  }
  const result = PROGRESS.safeParse(status.value.result)
  return ok(result.success ? result.data : undefined)
}

/** Damaged, or of another version of Strata: the phases are done again. */
function isUnusable({ code }: LatestError | StatusError): boolean {
  return code === 'SCHEMA_MISMATCH' || code === 'DECODE_FAILED' || code === 'CORRUPTED'
}

function asPlain(progress: Progress): PlainValue {
  const { form, commit, results } = progress
  return { form, commit, results: { ...results } }
}

function locked(error: OpenError): OpenError {
  if (!isTidemarkError(error, 'LOCKED')) return error
  const { details } = error
  const message = `another run (${details.owner}) is at work on this store; wait for it, or stop it`
  return coreError('LOCKED', message, details, error)
}
