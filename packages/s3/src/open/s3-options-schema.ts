import { coreError, err, ok, type CoreError, type Result } from '@tidemark/core'
import * as z from 'zod/mini'

/** What must hold of the options, as far as their types do not say it. */
interface Checked {
  readonly bucket?: string | undefined
  readonly prefix?: string | undefined
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
}

/** No part may be smaller, save the last: every server refuses it. */
const SMALLEST_PART_BYTES = 5 * 1024 * 1024

/** No server takes more in one request. */
const LARGEST_PUT_BYTES = 5 * 1024 * 1024 * 1024

/** The prefix leaves room for every key in a name of at most 1 024 bytes. */
const LONGEST_PREFIX = 512

const count = (least: number, most: number): z.ZodMiniType =>
  z.optional(
    z
      .number(`a number`)
      .check(
        z.int('a whole number'),
        z.gte(least, `at least ${least}`),
        z.lte(most, `at most ${most}`),
      ),
  )

const text = (pattern: RegExp, wanted: string): z.ZodMiniType<string | undefined> =>
  z.optional(z.string(wanted).check(z.regex(pattern, wanted)))

const schema: z.ZodMiniType<Checked> = z.object({
  bucket: text(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, 'the name of a bucket'),
  prefix: z.optional(
    z
      .string('text')
      .check(
        z.regex(/^(?:[a-z0-9_-](?:[a-z0-9._-]*[a-z0-9_-])?\/)*$/, 'segments, each with a slash'),
        z.maxLength(LONGEST_PREFIX, `at most ${LONGEST_PREFIX} characters`),
      ),
  ),
  endpoint: z.optional(
    z.string('an address').check(z.refine(isPlainUrl, 'http(s)://host, no credentials, no query')),
  ),
  region: text(/^[A-Za-z0-9-]{1,64}$/, 'the name of a region'),
  retry: z.optional(
    z.object({
      attempts: count(1, 100),
      pauseMs: count(0, 60_000),
      longestPauseMs: count(0, 600_000),
      reserve: count(0, 1_000_000),
      requestTimeoutMs: count(1, 3_600_000),
    }),
  ),
  limits: z.optional(
    z.object({
      singlePutBytes: count(0, LARGEST_PUT_BYTES),
      partSizeBytes: count(SMALLEST_PART_BYTES, LARGEST_PUT_BYTES),
      uploadConcurrency: count(1, 64),
      largestCreateBytes: count(0, LARGEST_PUT_BYTES),
      listPages: count(1, Number.MAX_SAFE_INTEGER),
    }),
  ),
})

/** Checks options that may come from a file or the environment. Its error repeats no value. */
export function checkOptions(options: object): Result<void, CoreError<'INVALID_ARGUMENT'>> {
  const parsed = z.safeParse(schema, options)
  if (parsed.success) return ok()
  const [issue] = parsed.error.issues
  const argument = issue?.path.join('.') ?? 'options'
  const reason = issue?.message ?? 'not as documented'
  return err(coreError('INVALID_ARGUMENT', `${argument} must be ${reason}`, { argument, reason }))
}

function isPlainUrl(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, username, password, search, hash } = new URL(address)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}
