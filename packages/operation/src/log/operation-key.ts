import { coreError, encodeName, type CoreError } from '@tidemark/core'

/** Where the operations of a store lie. */
export const OPERATIONS = 'operation/'

/** The longest name of an operation or a step, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 1024

/** The longest label of a checkpoint, in UTF-8 bytes. */
export const MAX_LABEL_BYTES = 512

/** The prefix of an operation's log: many small operations share a directory. */
export function operationPrefix(name: string): string {
  return `${OPERATIONS}${encodeName(name)}.`
}

/** The error for a string that cannot name an operation, or `undefined`. */
export function nameError(name: string): CoreError<'INVALID_IDENTIFIER'> | undefined {
  const reason = name === '' ? 'empty' : faultOf(name, MAX_NAME_BYTES)
  if (reason === undefined) return undefined
  const message = `the name is ${reason}; use 1 to ${MAX_NAME_BYTES} bytes of Unicode`
  return coreError('INVALID_IDENTIFIER', message, { what: 'identifier', reason })
}

/** The error for a string that cannot be an argument of so many bytes, or `undefined`. */
export function textError(
  argument: string,
  text: string,
  maximum: number,
): CoreError<'INVALID_ARGUMENT'> | undefined {
  const fault = faultOf(text, maximum)
  if (fault === undefined) return undefined
  const reason = `it is ${fault}; up to ${maximum} bytes of well-formed Unicode`
  return coreError('INVALID_ARGUMENT', `not a ${argument}: ${reason}`, { argument, reason })
}

const utf8 = new TextEncoder()

function faultOf(text: string, maximum: number): 'too-long' | 'malformed' | undefined {
  if (text.length > maximum) return 'too-long'
  if (!text.isWellFormed()) return 'malformed'
  return utf8.encode(text).length > maximum ? 'too-long' : undefined
}
