import { bareEtag, type ListedObject, type ListPage, type UploadedPart } from './object-client.ts'
import { childrenOf, childText, escapeXml, parseXml, type XmlElement } from './xml.ts'

/** A continuation token of any server is far shorter. */
const MAX_TOKEN_CHARS = 8192

/** The namespace of every body that goes to a server. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** The code of an `<Error>`, as one short word; empty when the body is none. */
export function errorCode(body: string): string {
  const root = parseXml(body.trim())
  return root?.name === 'Error' ? oneWord(childText(root, 'Code')) : ''
}

/** Whatever a server calls it, made safe for a message. */
export function oneWord(code: string): string {
  return code.replace(/[^A-Za-z0-9._-]/g, '').slice(0, 64)
}

/** A page of `ListObjectsV2` (`encoding-type=url`), or `undefined` when it makes no sense. */
export function readListPage(body: string): ListPage | undefined {
  const root = parseXml(body.trim())
  if (root?.name !== 'ListBucketResult') return undefined
  const isEncoded = childText(root, 'EncodingType') === 'url'
  const objects: ListedObject[] = []
  for (const element of childrenOf(root, 'Contents')) {
    const object = readListed(element, isEncoded)
    if (object === undefined) return undefined
    objects.push(object)
  }
  if (childText(root, 'IsTruncated') !== 'true') return { objects, next: undefined }
  const next = childText(root, 'NextContinuationToken')
  return next === '' || next.length > MAX_TOKEN_CHARS ? undefined : { objects, next }
}

/** The names that `DeleteObjects` says it did not delete, with its code; every name is answered. */
export function readDeleteResult(
  body: string,
  names: readonly string[],
): Map<string, string> | undefined {
  const root = parseXml(body.trim())
  if (root?.name !== 'DeleteResult') return undefined
  const deleted = new Set(childrenOf(root, 'Deleted').map((element) => childText(element, 'Key')))
  const failed = new Map<string, string>()
  for (const element of childrenOf(root, 'Error')) {
    failed.set(childText(element, 'Key'), oneWord(childText(element, 'Code')) || 'unnamed')
  }
  const result = new Map<string, string>()
  for (const name of names) {
    const code = failed.get(name)
    if (code !== undefined) result.set(name, code)
    else if (!deleted.has(name)) result.set(name, 'unanswered')
  }
  return result
}

/** The id of an upload that was begun. */
export function readUploadId(body: string): string | undefined {
  const root = parseXml(body.trim())
  const id = root?.name === 'InitiateMultipartUploadResult' ? childText(root, 'UploadId') : ''
  return id === '' || id.length > MAX_TOKEN_CHARS ? undefined : id
}

/** Whether the end of an upload was confirmed: a status of 200 may still hold an `<Error>`. */
export function isCompleted(body: string): boolean {
  return parseXml(body.trim())?.name === 'CompleteMultipartUploadResult'
}

/** The body of `DeleteObjects`. */
export function writeDelete(names: readonly string[]): Uint8Array {
  const objects = names.map((name) => `<Object><Key>${escapeXml(name)}</Key></Object>`)
  return encode(`<Delete xmlns="${NAMESPACE}">${objects.join('')}</Delete>`)
}

/** The body of `CompleteMultipartUpload`. */
export function writeComplete(parts: readonly UploadedPart[]): Uint8Array {
  const listed = parts.map(
    ({ number, etag }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"${escapeXml(etag)}"</ETag></Part>`,
  )
  const root = 'CompleteMultipartUpload'
  return encode(`<${root} xmlns="${NAMESPACE}">${listed.join('')}</${root}>`)
}

function readListed(element: XmlElement, isEncoded: boolean): ListedObject | undefined {
  const name = isEncoded ? decodeName(childText(element, 'Key')) : childText(element, 'Key')
  const size = childText(element, 'Size')
  const sizeBytes = /^[0-9]{1,16}$/.test(size) ? Number(size) : NaN
  if (name === undefined || name === '' || !Number.isSafeInteger(sizeBytes)) return undefined
  return { name, sizeBytes, etag: bareEtag(childText(element, 'ETag')) }
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replace(/\+/g, '%20'))
  } catch {
    return undefined
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
