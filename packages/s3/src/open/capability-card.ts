import type { EtagStyle } from '../context.ts'

/** What an endpoint was seen to do when it was opened. Print it with {@link formatCard}. */
export interface CapabilityCard {
  /** The bucket and its endpoint, never with credentials. */
  readonly place: string
  /**
   * Whether a second create of one name is refused. `ignored` opens only with `exclusiveWriter`.
   */
  readonly createOnly: 'honoured' | 'ignored' | 'refused'
  /** How the current entity tag is taken as a condition, if a stale one is refused. */
  readonly compareAndSwap: EtagStyle
  /** Whether a listing shows what was just written. */
  readonly freshListing: boolean
  /** Whether many objects can be deleted in one request. */
  readonly batchDelete: boolean
  /** What was seen, in the order in which it was tried. */
  readonly findings: readonly string[]
}

/**
 * A capability card as a few lines of text.
 *
 * @example
 * import { formatCard } from '@tidemark/s3'
 *
 * const card = {
 *   place: 's3://backups at http://127.0.0.1:7480',
 *   createOnly: 'honoured',
 *   compareAndSwap: 'quoted',
 *   freshListing: true,
 *   batchDelete: true,
 *   findings: [],
 * } as const
 * formatCard(card).includes('create-only       honoured') // => true
 */
export function formatCard(card: CapabilityCard): string {
  const { place, createOnly, compareAndSwap, freshListing, batchDelete, findings } = card
  const rows = [
    ['place', place],
    ['create-only', createOnly],
    ['compare-and-swap', compareAndSwap === 'none' ? 'no' : `yes, ${compareAndSwap} entity tags`],
    ['fresh listing', freshListing ? 'yes' : 'no'],
    ['batch delete', batchDelete ? 'yes' : 'no'],
    ...findings.map((finding) => ['seen', finding]),
  ]
  return rows.map(([name = '', value = '']) => name.padEnd(18) + value).join('\n')
}
