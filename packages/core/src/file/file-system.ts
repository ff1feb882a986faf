/**
 * The few calls that the file medium makes, so that a simulated disk can stand in for the kernel.
 *
 * Every call rejects with a {@link SystemError}. No call follows a symbolic link in the last part
 * of its path. Paths are absolute.
 */
export interface FileSystem {
  /** Creates a file that must not exist (`EEXIST`), mode 0600, for writing. */
  create(path: string): Promise<WritableFile>
  /** Opens a file for reading. */
  open(path: string): Promise<ReadableFile>
  /** Gives a file a second name that must not exist (`EEXIST`). */
  link(from: string, to: string): Promise<void>
  /** Moves a name over whatever is there. */
  rename(from: string, to: string): Promise<void>
  /** Takes a name away. */
  unlink(path: string): Promise<void>
  /** Makes a directory, mode 0700, in an existing one; `EEXIST` when there is one. */
  mkdir(path: string): Promise<void>
  /** Takes an empty directory away. */
  rmdir(path: string): Promise<void>
  /** The names in a directory, in no order. */
  list(path: string): Promise<DirectoryEntry[]>
  /** Facts about a name, a symbolic link being itself. */
  stat(path: string): Promise<FileStat>
  /**
   * Makes the names in a directory survive a power cut: their creation, renaming and removal, not
   * the bytes behind them. Resolves `false` where the platform cannot do it.
   */
  syncDirectory(path: string): Promise<boolean>
}

/** A file open for writing. */
export interface WritableFile {
  /** Writes all of the bytes at a position. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Makes the bytes, never the name, survive a power cut. Never call it again after a failure. */
  datasync(): Promise<void>
  stat(): Promise<FileStat>
  close(): Promise<void>
}

/** A file open for reading. */
export interface ReadableFile {
  /** Reads up to `into.length` bytes at a position; resolves how many, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>
  stat(): Promise<FileStat>
  close(): Promise<void>
}

/** A name in a directory. */
export interface DirectoryEntry {
  readonly name: string
  readonly kind: FileKind
}

/** What a name stands for. */
export type FileKind = 'file' | 'directory' | 'symlink' | 'other'

/** Facts about a file. */
export interface FileStat {
  readonly kind: FileKind
  readonly sizeBytes: number
  /** Differs whenever the file behind a name was replaced by another. */
  readonly identity: string
  /** The time of the last change of the bytes, in ms. For sweeping left-overs, nothing else. */
  readonly modifiedMs: number
}

/** What a failed call rejects with: the error of the platform, known by its number. */
export interface SystemError extends Error {
  /** The symbolic name, where the platform gives one: `ENOSPC`. */
  readonly code?: string
  /** The number, negative as in libuv: -28. Some errors have no name, only this. */
  readonly errno?: number
}
