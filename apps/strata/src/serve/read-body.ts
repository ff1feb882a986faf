import type { IncomingMessage } from 'node:http'
import { err, ok, type Result } from '@tidemark/core'
import type { Refusal } from './gate.ts'

/** What a button sends is a few words. */
const MAX_BODY_BYTES = 4096

/** Reads the body of a request as JSON. One that is too long is not read to its end. */
export async function readBody(request: IncomingMessage): Promise<Result<unknown, Refusal>> {
  const tooLong = err({ status: 413, message: `a body has at most ${MAX_BODY_BYTES} bytes` })
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return tooLong
  const decoder = new TextDecoder()
  let [text, length] = ['', 0]
  try {
    for await (const chunk of request) {
      if (!(chunk instanceof Uint8Array)) continue
      length += chunk.length
      if (length > MAX_BODY_BYTES) return tooLong
      text += decoder.decode(chunk, { stream: true })
    }
    const body: unknown = JSON.parse(text + decoder.decode())
    return ok(body)
  } catch {
    return err({ status: 400, message: 'that is not JSON' })
  }
}
