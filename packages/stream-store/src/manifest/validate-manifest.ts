import { isBase64 } from '../json/base64.ts'
import { MANIFEST_VERSION, type CheckpointManifest } from './manifest.ts'

/**
 * Something about a checkpoint that is not as it should be. A `'warning'` leaves it usable; after
 * `'fatal'` it must not be restored.
 */
export interface ValidationIssue {
  readonly severity: 'warning' | 'fatal'
  readonly message: string
  /** With `'fatal'`: what kind of wrong it is. */
  readonly fault?: Fault
}

/**
 * Why a checkpoint must not be restored: its bytes are not what was written (`corrupt`), something of
 * it is not there (`missing`), it is whole and says what cannot be right (`invalid`), or a newer
 * version wrote it (`unsupported`).
 */
export type Fault = 'corrupt' | 'missing' | 'invalid' | 'unsupported'

/** What a manifest is held against. */
export interface ManifestExpectations {
  /** The number of partitions that the running system has. */
  readonly vnodeCount: number
  /** Bytes of the binary state beside the manifest; `undefined`: not known. */
  readonly stateBytes?: bigint | undefined
}

/**
 * Checks what a manifest says against itself and the running system. Empty: clean.
 *
 * The messages are the original's; what it only warned about although no restore could be right is
 * fatal here.
 */
export function validateManifest(
  manifest: CheckpointManifest,
  expected: ManifestExpectations,
): ValidationIssue[] {
  return [
    ...identityIssues(manifest),
    ...topologyIssues(manifest),
    ...vnodeIssues(manifest, expected.vnodeCount),
    ...operatorIssues(manifest),
    ...rangeIssues(manifest, expected.stateBytes),
  ]
}

/** The issues that make a manifest one that is not even written. */
export function identityIssues(manifest: CheckpointManifest): ValidationIssue[] {
  const issues: ValidationIssue[] = []
  if (manifest.version === 0) issues.push(fatal('manifest version is 0'))
  if (manifest.version > MANIFEST_VERSION) {
    issues.push(
      fatal(`manifest version ${manifest.version} is newer than this software`, 'unsupported'),
    )
  }
  if (manifest.checkpointId === 0n) issues.push(fatal('checkpoint_id is 0'))
  if (manifest.epoch === 0n) issues.push(fatal('epoch is 0'))
  if (manifest.timestampMs === 0n) issues.push(warning('timestamp_ms is 0'))
  return issues
}

function topologyIssues(manifest: CheckpointManifest): ValidationIssue[] {
  const issues: ValidationIssue[] = []
  if (manifest.sinkCommitStatuses.size > 0) {
    for (const sink of manifest.sinkEpochs.keys()) {
      if (!manifest.sinkCommitStatuses.has(sink)) {
        issues.push(warning(`sink ${JSON.stringify(sink)} has an epoch and no commit status`))
      }
    }
  }
  const known = new Set(manifest.sourceNames)
  if (known.size === 0) return issues
  for (const source of manifest.sourceOffsets.keys()) {
    if (!known.has(source)) {
      issues.push(warning(`source offset of ${JSON.stringify(source)}, which is no source`))
    }
  }
  return issues
}

function vnodeIssues(manifest: CheckpointManifest, expected: number): ValidationIssue[] {
  const { vnodeCount } = manifest
  if (vnodeCount === 0) return [warning('vnode_count is missing or of an older version')]
  if (vnodeCount === expected) return []
  return [warning(`vnode_count is ${vnodeCount}, the running system has ${expected}`)]
}

function operatorIssues(manifest: CheckpointManifest): ValidationIssue[] {
  const damaged = [...manifest.operatorStates].filter(
    ([, { external, stateB64 }]) => !external && stateB64 !== undefined && !isBase64(stateB64),
  )
  return damaged.map(([name]) =>
    fatal(`state of operator ${JSON.stringify(name)} is no base64`, 'corrupt'),
  )
}

/** The external ranges: within the state, apart from each other, and nothing left over. */
function rangeIssues(manifest: CheckpointManifest, stateBytes: bigint | undefined) {
  const issues: ValidationIssue[] = []
  const ranges = [...manifest.operatorStates]
    .filter(([, { external }]) => external)
    .map(([name, { externalOffset, externalLength }]) => ({
      name: JSON.stringify(name),
      start: externalOffset,
      end: externalOffset + externalLength,
    }))
    .sort((a, b) => Number(a.start - b.start))
  if (ranges.length > 0 && stateBytes === undefined) {
    issues.push(fatal('state.bin not found although operators have their state there', 'missing'))
  }
  let covered = 0n
  for (const { name, start, end } of ranges) {
    if (stateBytes !== undefined && end > stateBytes) {
      const places = `ends at ${end}, past the ${stateBytes} bytes`
      issues.push(fatal(`state of operator ${name} ${places}`, 'corrupt'))
    }
    if (start < covered) issues.push(warning(`state of operator ${name} overlaps another's`))
    if (end > covered) covered = end
  }
  if (ranges.length > 0 && stateBytes !== undefined && covered < stateBytes) {
    issues.push(warning(`the last ${stateBytes - covered} bytes of state belong to no operator`))
  }
  return issues
}

/** An issue that leaves the checkpoint usable. */
export function warning(message: string): ValidationIssue {
  return { severity: 'warning', message }
}

/** An issue after which the checkpoint must not be restored. */
export function fatal(message: string, fault: Fault = 'invalid'): ValidationIssue {
  return { severity: 'fatal', message, fault }
}
