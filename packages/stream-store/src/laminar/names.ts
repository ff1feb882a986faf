import { MAX_U64 } from '../manifest/manifest.ts'

/** Where everything lies, below the base directory. */
export const CHECKPOINTS = 'checkpoints'

/** The pointer to the newest checkpoint: its directory's name, no newline. */
export const POINTER_KEY: string = `${CHECKPOINTS}/latest.txt`

/** Ours: who may write. The original does not look there. */
export const CONTROL = 'stream-store/'

/** Digits that an id has at least. */
const MIN_DIGITS = 6

const NAME = /^checkpoint_([0-9]{6,20})$/

/** The name of a checkpoint's directory: `checkpoint_000001`. */
export function directoryName(id: bigint): string {
  return `checkpoint_${String(id).padStart(MIN_DIGITS, '0')}`
}

/** The id of a directory's name; `undefined` for a name that we would not give. */
export function idOfName(name: string): bigint | undefined {
  const digits = NAME.exec(name)?.[1]
  if (digits === undefined) return undefined
  const id = BigInt(digits)
  return id <= MAX_U64 && directoryName(id) === name ? id : undefined
}

/** The key of a file of a checkpoint. */
export function fileKey(id: bigint, file: 'manifest.json' | 'state.bin'): string {
  return `${CHECKPOINTS}/${directoryName(id)}/${file}`
}

/** Whether a file is what an interrupted save leaves behind, of the original or of ours. */
export function isTemporary(name: string): boolean {
  return /^(?:manifest\.json|state\.bin)\.tmp(?:-.*)?$/.test(name) || name.startsWith('.tmp-')
}
