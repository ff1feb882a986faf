import { coreError, err, ok, type AsyncResult, type Result } from '@tidemark/core'
import { concatBytes, copyBytes, equalBytes, fromHex, toHex } from '../bytes/bytes.ts'
import { HASH_BYTES } from '../hash/hash.ts'
import type { MediumError } from '../errors/mkvs-errors.ts'
import type { Namespace } from '../record/namespace.ts'
import { rootName, type Root } from '../record/root.ts'
import type { RestoreProgress } from './node-db.ts'
import type { NodeStore } from './node-store.ts'

// The records of a node database: small texts under fixed names.
//   db/format  "1"            db/namespace  64 hex digits
//   db/earliest, db/latest, db/multipart    a version in decimal
//   root/<version>/<type>/<hash>            a root that can be read
//   drop/<version>/<type>/<hash>            a root whose nodes are being removed
//   journal/<number>                        hashes that the open multipart insert brought
//   restore/<version>/<type>/<hash>         checkpoint hash (32 bytes) and bits of restored chunks

const FORMAT = '1'

/** Names of the single records. */
export const RECORD = {
  format: 'db/format',
  namespace: 'db/namespace',
  earliest: 'db/earliest',
  latest: 'db/latest',
  multipart: 'db/multipart',
} as const

/** What the records say. */
export interface DbState {
  earliest: bigint | undefined
  latest: bigint | undefined
  multipart: bigint | undefined
  readonly roots: Map<string, Root>
  /** Roots whose nodes a crash may have left behind. */
  readonly dropped: Root[]
  journals: string[]
}

/** A root's place among the records of a kind. */
export function rootRecord(kind: 'root' | 'drop' | 'restore', root: Root): string {
  return `${kind}/${root.version}/${root.type}/${toHex(root.hash)}`
}

/** Text as a record. */
export function textRecord(name: string, text: string): readonly [string, Uint8Array] {
  return [name, new TextEncoder().encode(text)]
}

/** What a restore's note is as a record. */
export function progressRecord(
  root: Root,
  progress: RestoreProgress,
): readonly [string, Uint8Array] {
  return [rootRecord('restore', root), concatBytes([progress.checkpoint, progress.restored])]
}

/** Reads a restore's note. */
export function progressOf(bytes: Uint8Array): RestoreProgress {
  return {
    checkpoint: copyBytes(bytes.subarray(0, HASH_BYTES)),
    restored: copyBytes(bytes.subarray(HASH_BYTES)),
  }
}

/** Reads all records, or writes the first ones into an empty store. */
export async function openRecords(
  store: NodeStore,
  namespace: Namespace,
): AsyncResult<DbState, MediumError> {
  const format = await text(store, RECORD.format)
  if (!format.ok) return format
  if (format.value === undefined) return create(store, namespace)
  const stored = await text(store, RECORD.namespace)
  if (!stored.ok) return stored
  const known = fromHex(stored.value ?? '')
  if (format.value !== FORMAT || known === undefined) {
    return damaged(format.value === FORMAT ? RECORD.namespace : RECORD.format)
  }
  if (!equalBytes(known, namespace)) {
    const reason = 'the store holds another namespace'
    return err(coreError('INVALID_ARGUMENT', reason, { argument: 'namespace', reason }))
  }
  return readState(store, namespace)
}

async function create(store: NodeStore, namespace: Namespace): AsyncResult<DbState, MediumError> {
  const putRecords = [
    textRecord(RECORD.format, FORMAT),
    textRecord(RECORD.namespace, toHex(namespace)),
  ]
  const written = await store.write({ putRecords })
  if (!written.ok) return written
  const none = { earliest: undefined, latest: undefined, multipart: undefined }
  return ok({ ...none, roots: new Map(), dropped: [], journals: [] })
}

async function readState(
  store: NodeStore,
  namespace: Namespace,
): AsyncResult<DbState, MediumError> {
  const versions: (bigint | undefined)[] = []
  for (const name of [RECORD.earliest, RECORD.latest, RECORD.multipart]) {
    const read = await text(store, name)
    if (!read.ok) return read
    if (read.value !== undefined && !/^\d{1,20}$/.test(read.value)) return damaged(name)
    versions.push(read.value === undefined ? undefined : BigInt(read.value))
  }
  const [earliest, latest, multipart] = versions
  const roots = await rootsUnder(store, 'root', namespace)
  if (!roots.ok) return roots
  const dropped = await rootsUnder(store, 'drop', namespace)
  if (!dropped.ok) return dropped
  const journals = await store.recordNames('journal/')
  if (!journals.ok) return journals
  return ok({
    earliest,
    latest,
    multipart,
    roots: new Map(roots.value.map((root) => [rootKey(root), root])),
    dropped: dropped.value,
    journals: [...journals.value],
  })
}

/** A root as the key of a map: everything but the namespace, of which there is one. */
export function rootKey(root: Root): string {
  return `${root.type}/${rootName(root)}`
}

async function rootsUnder(
  store: NodeStore,
  kind: 'root' | 'drop',
  namespace: Namespace,
): AsyncResult<Root[], MediumError> {
  const names = await store.recordNames(`${kind}/`)
  if (!names.ok) return names
  const roots: Root[] = []
  for (const name of names.value) {
    const [, version = '', type = '', hex = ''] = name.split('/')
    const hash = fromHex(hex)
    if (hash?.length !== HASH_BYTES || !/^\d{1,20}$/.test(version)) return damaged(name)
    roots.push({ namespace, version: BigInt(version), type: Number(type), hash })
  }
  return ok(roots)
}

async function text(store: NodeStore, name: string): AsyncResult<string | undefined, MediumError> {
  const record = await store.record(name)
  if (!record.ok) return record
  return ok(record.value === undefined ? undefined : new TextDecoder().decode(record.value))
}

function damaged(name: string): Result<never, MediumError> {
  const details = { what: 'node database', reason: 'unreadable record', key: name }
  return err(coreError('CORRUPTED', `node database: record ${name} is unreadable`, details))
}
