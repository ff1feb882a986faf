import { fromHex, toHex } from '../bytes/bytes.ts'
import { HASH_BYTES } from '../hash/hash.ts'
import type { Root } from '../record/root.ts'

// The original's directory layout, as blob keys:
//   <version>/<hash>/meta               CBOR of the metadata; published last
//   <version>/<hash>/chunks/<index>     chunk files
// and one of ours, which the original ignores:
//   <version>/<hash>/params             the size and threads the chunks are made with

/** The prefix of everything that belongs to a checkpoint. */
export function checkpointPrefix(root: Root): string {
  return `${root.version}/${toHex(root.hash)}/`
}

/** Where a checkpoint's metadata is. */
export function metaKey(root: Root): string {
  return `${checkpointPrefix(root)}meta`
}

/** Where a chunk is. */
export function chunkKey(root: Root, index: number | bigint): string {
  return `${checkpointPrefix(root)}chunks/${index}`
}

/** Where the creation parameters are. */
export function paramsKey(root: Root): string {
  return `${checkpointPrefix(root)}params`
}

/** The checkpoint directory that a key is in, `<version>/<hash>/`, or `undefined`. */
export function prefixOfKey(key: string): string | undefined {
  const [version = '', hash = '', ...rest] = key.split('/')
  if (rest.length === 0 || !/^(?:0|[1-9]\d{0,19})$/.test(version)) return undefined
  return fromHex(hash)?.length === HASH_BYTES ? `${version}/${hash}/` : undefined
}
